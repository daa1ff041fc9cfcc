/** struct timespec of 64-bit Linux: two little-endian 64-bit numbers. */
export function setTimespec(timespec: Uint8Array, microseconds: number): void {
  const view = new DataView(timespec.buffer);
  view.setBigInt64(0, BigInt(Math.floor(microseconds / 1e6)), true);
  view.setBigInt64(8, BigInt(Math.floor((microseconds % 1e6) * 1000)), true);
}
