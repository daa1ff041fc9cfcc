/**
 * Reads values that anybody may have written, or another version of Stasis. A value of a type that was not expected counts as
 * missing, so that what reads it afterwards can rely on the types. Pure.
 */

/** Returns the value, or undefined where it has another type. */
export type Reader<T> = (value: unknown) => T | undefined;

/** A reader for each field. A field that must be there has a reader that always returns a value. */
export type FieldReaders<T> = { readonly [Field in keyof T]-?: (value: unknown) => T[Field] };

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A number that is not below 0. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

export function asFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Returns `fallback` where the reader returns nothing. */
export function or<T>(read: Reader<T>, fallback: T): (value: unknown) => T {
  return (value) => read(value) ?? fallback;
}

/** The elements that can be read. The others are left out. */
export function listOf<T>(read: Reader<T>): Reader<T[]> {
  return (value) =>
    Array.isArray(value)
      ? value.flatMap((element) => {
          const known = read(element);
          return known === undefined ? [] : [known];
        })
      : undefined;
}

/** The entries whose value can be read. */
export function mapOf<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (value) => {
    if (!isRecord(value)) return undefined;
    const entries = Object.entries(value).flatMap(([key, each]) => {
      const known = read(each);
      return known === undefined ? [] : [[key, known] as const];
    });
    return Object.fromEntries(entries);
  };
}

/** An object with the given fields and no others. A field without a value is left out. */
export function shape<T extends object>(fields: FieldReaders<T>): Reader<T> {
  const readers = Object.entries<(value: unknown) => unknown>(fields);
  return (value) => {
    if (!isRecord(value)) return undefined;
    const read = readers.map(([field, reader]) => [field, reader(value[field])] as const);
    return Object.fromEntries(read.filter(([, known]) => known !== undefined)) as T;
  };
}
