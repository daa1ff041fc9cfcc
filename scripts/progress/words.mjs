/** The words of progress, the same everywhere: `[2/6] building Kubernetes: 743 of 2,734 packages, about 3 minutes left`. */

const number = (value) => value.toLocaleString('en-US');

/** `2,734 packages`, `1 package`: the plural is given, as every unit here has one that ends in s. */
export const things = (total, unit) => `${number(total)} ${total === 1 ? unit.replace(/s$/, '') : unit}`;

/** `a few seconds`, `about 40 seconds`, `about a minute`, `about 3 minutes`: no finer than such an estimate is. */
export function duration(seconds) {
  if (seconds < 8) return 'a few seconds';
  if (seconds < 50) return `about ${Math.ceil(seconds / 10) * 10} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes <= 1 ? 'about a minute' : `about ${minutes} minutes`;
}

/** `about 20 MB`, `about 1.4 GB` */
export function megabytes(value) {
  if (value >= 1000) return `about ${(value / 1000).toFixed(1)} GB`;
  return `about ${Math.max(10, Math.round(value / 10) * 10)} MB`;
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
 * How long a step goes on, in seconds; negative where it takes longer than it usually does. `usual` is how long the whole
 * of it usually takes here; `share` of it, from 0 to 1, is done after `elapsed` seconds. From a quarter on the measured
 * speed alone counts: before, the first things, which are small, would say too much.
 */
export function secondsLeft(usual, elapsed, share) {
  const trust = Math.min(1, 4 * share);
  const measured = trust === 0 ? 0 : elapsed / share;
  return (1 - trust) * usual + trust * measured - elapsed;
}

/** `743 of 2,734 packages, about 3 minutes left`; without things to count only `about 3 minutes left`. */
export function progress(usual, elapsed, { done, total, unit }) {
  const counted = total > 0;
  const share = counted ? Math.min(1, done / total) : 0;
  const left = secondsLeft(usual, elapsed, share);
  const rest =
    share === 1
      ? 'nearly done'
      : left > 0
        ? `${duration(left)} left`
        : `longer than usual: ${duration(elapsed)} so far`;
  return counted ? `${number(Math.min(done, total))} of ${things(total, unit)}, ${rest}` : rest;
}
