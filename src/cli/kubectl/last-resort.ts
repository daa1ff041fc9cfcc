/** The plugin's answer to errors that nobody has caught. */
import { escapeMessage } from '../render-escape.js';

/** The part of the process that tells of such errors. Tests pass their own. */
export type DefectSource = Pick<NodeJS.Process, 'on'>;

export interface LastResort {
  /** Acts as if a signal had come, where signals are diverted. Returns whether they are. */
  readonly raise: (name: string) => boolean;
  /** Writes to the standard error. */
  readonly tell: (fd: number, text: string) => Promise<unknown>;
  /** Ends the process. */
  readonly end: () => void;
}

const STDERR = 2;

/**
 * Such an error ends the process by default, and a pod would stay held. While one is held, it acts as SIGTERM does instead: the
 * command is told to end, and the pod is released. The result says whether there was one.
 */
export function lastResort(source: DefectSource, { raise, tell, end }: LastResort): { readonly any: boolean } {
  const defects = { any: false };
  const take = async (error: unknown): Promise<void> => {
    const isFirst = !defects.any;
    defects.any = true;
    const isHolding = raise('SIGTERM');
    if (isFirst) await tell(STDERR, `error: a defect of kubectl stasis: ${escapeMessage(String(error))}\n`);
    if (!isHolding) end();
  };
  source.on('uncaughtException', (error) => void take(error));
  source.on('unhandledRejection', (error) => void take(error));
  return defects;
}
