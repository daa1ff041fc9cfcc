/** The options of the log, which the commands that run in a cluster for long have in common. */
import type { Command } from 'commander';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../kube/log.js';
import { checkChoice, type Checked } from './option-values.js';

export interface LogArguments {
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

export interface RawLogOptions {
  readonly logLevel?: string;
  readonly logFormat?: string;
}

export function addLogOptions(command: Command): Command {
  return command
    .option('--log-level <level>', `least severity of a line: ${LOG_LEVELS.join(', ')} (default: info)`)
    .option('--log-format <format>', `of a line: ${LOG_FORMATS.join(' or ')} (default: json)`);
}

export function checkLogOptions(raw: RawLogOptions): Checked<LogArguments> {
  const level = checkChoice('--log-level', raw.logLevel ?? 'info', LOG_LEVELS);
  if (!level.ok) return level;
  const format = checkChoice('--log-format', raw.logFormat ?? 'json', LOG_FORMATS);
  return format.ok ? { ok: true, value: { logLevel: level.value, logFormat: format.value } } : format;
}
