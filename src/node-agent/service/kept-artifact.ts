/** Reads an artifact that an earlier agent stored, and that was never reported because the agent ended before. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { TreeCounts } from '../report/counts.js';

export interface KeptArtifact {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Undefined where the artifact does not have them, as with one of another version. */
  readonly counts: TreeCounts | undefined;
}

/** Most of the text before the tree that is kept in memory, in bytes. */
const HEAD_BYTES = 1 << 20;
const CHUNK_BYTES = 1 << 20;
/** No text inside a string of JSON looks like this, because its quotation marks are escaped. */
const BEFORE_TREE = ',"tree":[';
const END = ']}}\n';

/** Returns undefined when there is no such file, or none that is whole and of this capture. */
export async function readKept(path: string, uid: string): Promise<KeptArtifact | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile() || found.uid !== process.geteuid?.()) return undefined;
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let [head, tail, sizeBytes] = [Buffer.alloc(0), Buffer.alloc(0), 0];
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, sizeBytes);
      if (bytesRead === 0) break;
      const bytes = chunk.subarray(0, bytesRead);
      hash.update(bytes);
      sizeBytes += bytesRead;
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes]);
      tail = Buffer.from(Buffer.concat([tail, bytes]).subarray(-END.length));
    }
    const status = tail.toString() === END ? statusIn(head.toString(), uid) : undefined;
    return status && { sizeBytes, sha256: hash.digest('hex'), counts: countsIn(status) };
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

/** The status in the text before the tree; undefined when it is not that of this capture. */
function statusIn(head: string, uid: string): Readonly<Record<string, unknown>> | undefined {
  const end = head.indexOf(BEFORE_TREE);
  if (end < 0) return undefined;
  const { metadata, status } = recordOf(JSON.parse(`${head.slice(0, end)}}}`));
  return recordOf(metadata)['uid'] === uid ? recordOf(status) : undefined;
}

function countsIn({ processes, threads, stopped, zombies }: Readonly<Record<string, unknown>>): TreeCounts | undefined {
  return isCount(processes) && isCount(threads) && isCount(stopped) && isCount(zombies)
    ? { processes, threads, stopped, zombies }
    : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
