/** A structured logger: one JSON line an entry, a constant message with key-values. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every entry carries `fields`. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Takes one line with its newline. */
  readonly sink: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Also catches `Authorization`, `bearerToken`, `client-key-data`. */
const SECRET = /token|secret|password|authorization|credential|(?:^|[-_])key-?data/i;
/** A watch of thousands of objects must not turn one mistake into a log of megabytes. */
const LONGEST_TEXT = 4096;

export function createLogger(options: LoggerOptions): Logger {
  return logger(options, {});
}

function drop(): void {
  // On purpose.
}

/** Drops everything. */
export function silentLogger(): Logger {
  const silent: Logger = { debug: drop, info: drop, warn: drop, error: drop, with: () => silent };
  return silent;
}

function logger(options: LoggerOptions, bound: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (msg: string, fields?: LogFields): void => {
      if (SEVERITY[level] < SEVERITY[options.level]) return;
      const head = { ts: new Date(options.wall()).toISOString(), level, msg };
      options.sink(`${toJson({ ...bound, ...fields, ...head }, head)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => logger(options, { ...bound, ...fields }),
  };
}

/** Head first, because that is how people read it; what cannot be said in JSON must not lose the rest. */
function toJson(entry: LogFields, head: LogFields): string {
  try {
    return JSON.stringify({ ...head, ...entry }, presentable);
  } catch (error) {
    return JSON.stringify({ ...head, unloggable: error instanceof Error ? error.message : 'unknown' });
  }
}

function presentable(key: string, value: unknown): unknown {
  if (SECRET.test(key) && value !== undefined) return '[redacted]';
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  if (typeof value === 'string' && value.length > LONGEST_TEXT) return `${value.slice(0, LONGEST_TEXT)}…`;
  return value;
}
