/** How progress is worded, everywhere the same: `[2/6] building Kubernetes: 743 of 2,668 packages, about 3 minutes left`. */

/** `743`, `2,668` */
export const count = (number) => number.toLocaleString('en-US');

/** `a few seconds`, `about 40 seconds`, `about a minute`, `about 3 minutes`: no finer than such an estimate is. */
export function duration(seconds) {
  if (seconds < 8) return 'a few seconds';
  if (seconds < 50) return `about ${Math.ceil(seconds / 10) * 10} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes <= 1 ? 'about a minute' : `about ${minutes} minutes`;
}

/**
 * `[2/6]`, where `steps` are the names of all steps of this run: `STASIS_STEPS`, which plan.mjs prints. A script that was
 * started by hand has no such list, and its steps no number.
 */
export function place(name, steps) {
  const at = steps.indexOf(name);
  return at === -1 ? '==>' : `[${at + 1}/${steps.length}]`;
}

/**
 * How long a step goes on, in seconds. `usual` is how long the whole of it usually takes here; `done` of `total` things are
 * finished after `elapsed` seconds. From a quarter on the measured speed alone counts: before, the first things, which are
 * small, would say too much.
 */
export function secondsLeft(usual, elapsed, done, total) {
  const share = Math.min(1, done / total);
  const trust = Math.min(1, 4 * share);
  const whole = (1 - trust) * usual + (trust === 0 ? 0 : (trust * elapsed) / share);
  return share === 1 ? 0 : Math.max(0, whole - elapsed);
}
