/** Objects that no schema has seen: a valid one in which any part is replaced by anything. */
import fc from 'fast-check';

/** Texts that a terminal would act on, and others that are likely to break a renderer. */
const HOSTILE_TEXT = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('\u001b[31m', '\u001b]0;title\u0007', '\u009b2J', 'a\nb', '\u202e', '\ud800', '\\', '', '__proto__'),
);

const ANYTHING: fc.Arbitrary<unknown> = fc.oneof(
  HOSTILE_TEXT,
  fc.constantFrom(null, true, -1, 1e300, 0.5, [], {}, [null], [[]], { '\u001b': 1 }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.array(HOSTILE_TEXT, { maxLength: 3 }),
);

type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? replaced(each, rest, by) : each));
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, name === key ? replaced(child, rest, by) : child]),
  );
}

/** The object with up to six of its parts replaced. */
export function hostileForms(object: unknown): fc.Arbitrary<unknown> {
  return fc
    .array(fc.tuple(fc.constantFrom(...pathsOf(object)), ANYTHING), { maxLength: 6 })
    .map((changes) => changes.reduce((changed, [path, by]) => replaced(changed, path, by), object));
}

/** Whether the text has a character that a terminal would act on, except the newline. */
export function actsOnTerminal(text: string): boolean {
  return /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}
