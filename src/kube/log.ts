/** A structured logger: one line per entry, JSON or logfmt, with a constant message and fields. */
import { escapeJson } from './safe-json.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** `text` is logfmt: key=value pairs, for people who read a log without a tool. */
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
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
  /** Default: json. */
  readonly format?: LogFormat;
  /** Receives one line with its newline. */
  readonly sink: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** The values of matching fields are redacted. Also matches `Authorization`, `bearerToken` and `client-key-data`. */
const SECRET = /token|secret|password|authorization|credential|(?:^|[-_])key-?data/i;
/**
 * The longest text of one field, in characters. One mistake in a process that watches thousands of objects must not
 * fill the log with megabytes.
 */
const LONGEST_TEXT = 4096;
/** Text that needs no quotation marks in logfmt. */
const PLAIN = /^[\w./:@+-]+$/;

export function createLogger(options: LoggerOptions): Logger {
  return logger(options, {});
}

function logger(options: LoggerOptions, bound: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (msg: string, fields?: LogFields): void => {
      if (SEVERITY[level] < SEVERITY[options.level]) return;
      const head = { ts: new Date(options.wall()).toISOString(), level, msg };
      const json = toJson({ ...bound, ...fields, ...head }, head);
      // A field may carry the name of a process, and `kubectl logs` prints the line as it is. Texts of logfmt are JSON texts.
      options.sink(`${escapeJson(options.format === 'text' ? toText(json) : json)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => logger(options, { ...bound, ...fields }),
  };
}

/** Puts `head` first, because people read it first. An entry that cannot be written as JSON keeps at least its head. */
function toJson(entry: LogFields, head: LogFields): string {
  try {
    return JSON.stringify({ ...head, ...entry }, presentable);
  } catch (error) {
    return JSON.stringify({ ...head, unloggable: error instanceof Error ? error.message : 'unknown' });
  }
}

/** The text is made from the JSON, so that what is redacted or cut off there is so here, too. */
function toText(json: string): string {
  return Object.entries(JSON.parse(json) as LogFields)
    .map(([key, value]) => `${key}=${typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');
}

function presentable(key: string, value: unknown): unknown {
  if (SECRET.test(key) && value !== undefined) return '[redacted]';
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  if (typeof value === 'string' && value.length > LONGEST_TEXT) return `${value.slice(0, LONGEST_TEXT)}…`;
  return value;
}
