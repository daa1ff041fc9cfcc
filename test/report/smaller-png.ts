/**
 * Makes a picture of a page smaller. Chromium writes PNG files quickly rather than small. A page has few colours: the 256 most
 * frequent ones are kept, and the others, which are shades at the edges of letters, become the nearest of these.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE_BYTES = 8;

/** The file is as Chromium writes it: 8 bits a channel, RGB or RGBA, not interlaced. Any other comes back as it is. */
export function makeSmaller(png: Buffer): Buffer {
  const header = chunks(png).find(({ type }) => type === 'IHDR')?.data;
  if (header === undefined || header[8] !== 8 || (header[9] !== 2 && header[9] !== 6)) return png;
  const channels = header[9] === 6 ? 4 : 3;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = Buffer.concat(chunks(png).flatMap(({ type, data: part }) => (type === 'IDAT' ? [part] : [])));
  const pixels = unfilter(inflateSync(data), width * channels, height, channels);
  const { colors, indexes } = toPalette(pixels, channels);
  const rows = Array.from({ length: height }, (_, y) => [Buffer.of(0), indexes.subarray(y * width, (y + 1) * width)]);
  const packed = deflateSync(Buffer.concat(rows.flat()), { level: 9, memLevel: 9 });
  const indexed = Buffer.from(header);
  indexed[9] = 3;
  const made = Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk('IHDR', indexed),
    chunk('PLTE', colors),
    chunk('IDAT', packed),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return made.length < png.length ? made : png;
}

function toPalette(pixels: Buffer, channels: number): { readonly colors: Buffer; readonly indexes: Buffer } {
  const count = pixels.length / channels;
  const colorAt = (at: number): number => pixels.readUIntBE(at * channels, 3);
  const counts = new Map<number, number>();
  for (let at = 0; at < count; at += 1) counts.set(colorAt(at), (counts.get(colorAt(at)) ?? 0) + 1);
  const all = [...counts].sort(([, one], [, other]) => other - one).map(([color]) => color);
  const kept = all.slice(0, 256);
  const places = new Map(all.map((color) => [color, nearest(kept, color)]));
  const indexes = Buffer.alloc(count);
  for (let at = 0; at < count; at += 1) indexes[at] = places.get(colorAt(at)) ?? 0;
  const colors = Buffer.alloc(kept.length * 3);
  kept.forEach((color, index) => colors.writeUIntBE(color, index * 3, 3));
  return { colors, indexes };
}

function nearest(colors: readonly number[], wanted: number): number {
  const distance = (color: number): number =>
    [16, 8, 0].reduce((sum, shift) => sum + (((color >> shift) & 0xff) - ((wanted >> shift) & 0xff)) ** 2, 0);
  let best = 0;
  for (const [index, color] of colors.entries()) if (distance(color) < distance(colors[best] ?? 0)) best = index;
  return best;
}

function chunks(png: Buffer): { readonly type: string; readonly data: Buffer }[] {
  const found = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    found.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return found;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** PNG, third edition, section 9: each byte is the difference from its neighbours, in one of five ways a row. */
function unfilter(filtered: Buffer, row: number, height: number, channels: number): Buffer {
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (row + 1)] ?? 0;
    for (let x = 0; x < row; x += 1) {
      const at = y * row + x;
      const left = x < channels ? 0 : (pixels[at - channels] ?? 0);
      const up = y === 0 ? 0 : (pixels[at - row] ?? 0);
      const corner = x < channels || y === 0 ? 0 : (pixels[at - row - channels] ?? 0);
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      pixels[at] = ((filtered[y * (row + 1) + 1 + x] ?? 0) + guess) & 0xff;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
