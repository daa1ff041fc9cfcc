/** The times that the controller writes. Pure. */

/** In whole seconds, as metav1.Time is written. */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/**
 * The time of an end, which is never before its start: the wall clock may have been set back in between, the start may come
 * from the clock of another machine, and the cut to whole seconds may lose the part that was later.
 *
 * @param start RFC 3339; undefined where nothing has started
 */
export function endTime(start: string | undefined, now: number): string {
  const end = rfc3339(now);
  return start !== undefined && Date.parse(start) > Date.parse(end) ? start : end;
}
