/** metav1.MicroTime, the time format of Leases and Events. Pure. */

/**
 * RFC 3339 with six digits of a second. The API server refuses the three digits of Date.toISOString() (`cannot parse
 * ".278Z" as ".000000"`). `wall` is in milliseconds since the epoch, and its fraction counts.
 */
export function microTime(wall: number): string {
  const micros = Math.round(wall * 1000);
  const seconds = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19);
  return `${seconds}.${String(((micros % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0')}Z`;
}
