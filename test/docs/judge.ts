/** Compares how commands went with what their document shows. Pure. */
import type { Command } from './session.js';
import { missingLine } from './shape.js';
import type { Ran } from './shell.js';

/** The lines of an output that are shown with a fault: the last ones. */
const LINES_SHOWN = 40;

/** Lists the faults, each with the file and the line of the command. */
export function faultsOf(document: string, commands: readonly Command[], ran: readonly Ran[]): string[] {
  const faults = ran.flatMap(({ command, status, output }) => {
    const lines = output.split('\n');
    const printed = `it printed:\n${lines.slice(-LINES_SHOWN).join('\n')}`;
    const at = `${document}:${command.line}: $ ${command.text}`;
    if (status === undefined) return [`${at}\nhas not ended; ${printed}`];
    if (status !== 0) return [`${at}\nended with status ${status}; ${printed}`];
    const missing = missingLine(command.output, lines);
    return missing === undefined ? [] : [`${at}\nprinted no line like: ${missing}\n${printed}`];
  });
  if (ran.length === commands.length || faults.length > 0) return faults;
  return [`${document}:${commands[ran.length]?.line ?? 0}: did not run`];
}
