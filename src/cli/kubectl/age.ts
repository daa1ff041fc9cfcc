/** Writes the age of an object as kubectl does. Pure. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

type Unit = readonly [milliseconds: number, name: string];

interface Form {
  readonly below: number;
  readonly large: Unit;
  readonly small?: Unit;
}

/**
 * Up to which age which units are written, and which; the rules are those of duration.HumanDuration of k8s.io/apimachinery. With `small`, the
 * rest is written, too, where it is not 0.
 */
const FORMS: readonly Form[] = [
  { below: 2 * MINUTE, large: [SECOND, 's'] },
  { below: 10 * MINUTE, large: [MINUTE, 'm'], small: [SECOND, 's'] },
  { below: 3 * HOUR, large: [MINUTE, 'm'] },
  { below: 8 * HOUR, large: [HOUR, 'h'], small: [MINUTE, 'm'] },
  { below: 2 * DAY, large: [HOUR, 'h'] },
  { below: 8 * DAY, large: [DAY, 'd'], small: [HOUR, 'h'] },
  { below: 2 * YEAR, large: [DAY, 'd'] },
  { below: 8 * YEAR, large: [YEAR, 'y'], small: [DAY, 'd'] },
];

const OLDEST: Form = { below: Number.POSITIVE_INFINITY, large: [YEAR, 'y'] };

/** The age in milliseconds as kubectl writes it: `45s`, `5m12s`, `3h`, `12d`. */
export function formatAge(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '<unknown>';
  // The clocks of the server and of this machine may differ. kubectl takes up to two seconds for none.
  if (milliseconds <= -2 * SECOND) return '<invalid>';
  const age = Math.max(0, milliseconds);
  const form = FORMS.find(({ below }) => age < below) ?? OLDEST;
  const [size, unit] = form.large;
  const whole = `${Math.floor(age / size)}${unit}`;
  if (form.small === undefined) return whole;
  const [smallSize, smallUnit] = form.small;
  const rest = Math.floor((age % size) / smallSize);
  return rest === 0 ? whole : `${whole}${rest}${smallUnit}`;
}
