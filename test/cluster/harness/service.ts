import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { isListening } from './listening.js';
import { execIn, type Place, readLog } from './place.js';
import { eventually } from './waiting.js';

/** How long a program may take until it listens. An API server under load takes 5 s on two cores. */
const LISTEN_BOUND_MS = 60_000;

/** A program that runs in a place until it is stopped. Its process is a child of the place's process 1. */
export interface Service {
  readonly name: string;
  /**
   * Starts the program, and returns when it accepts connections. Throws with its last output when it ends before that.
   */
  start(): Promise<void>;
  /** Sends SIGTERM, and SIGKILL after 10 s; returns when the program is gone. Does nothing when it does not run. */
  stop(): Promise<void>;
  /** Sends SIGKILL, and returns when the program is gone. */
  kill(): Promise<void>;
  /** Stops and starts the program, and returns when it accepts connections again. */
  restart(): Promise<void>;
  /** Starts the program without waiting. */
  launch(): Promise<void>;
  /** Sends any signal without waiting. STOP and CONT make the program hang and continue. */
  signal(name: string): Promise<void>;
  running(): Promise<boolean>;
  /** Returns all output since the cluster came up. */
  logs(): string;
}

/**
 * setsid protects the program from signals of the caller's terminal. A process in the background of a shell keeps its
 * pid.
 */
const LAUNCH = 'log=$1; id=$2; shift 2; setsid "$@" >> "$log" 2>&1 < /dev/null & echo $! > "$id"';
const STOP = `id=$(cat "$1"); kill -s "$2" "$id" 2> /dev/null || exit 0; n=0
while kill -0 "$id" 2> /dev/null; do n=$((n + 1)); [ $n -ne 500 ] || kill -s KILL "$id"; sleep 0.02; done`;

/**
 * `listens` is the port or the Unix socket that shows that the program is ready; without it, start() does not wait. A
 * program that ends before that is launched again, that many times, as an init system would do.
 */
export function service(
  place: Place,
  name: string,
  argv: readonly string[],
  listens?: number | string,
  relaunches = 0,
): Service {
  const idFile = join(place.state, `${name}.pid`);
  const log = join(place.state, `${name}.log`);
  const sh = async (script: string, ...rest: string[]): Promise<number> => {
    const ran = await execIn(place, ['sh', '-c', script, 'sh', ...rest]);
    if (ran.stderr !== '') throw new Error(`${place.name}, ${name}: ${ran.stderr}`);
    return ran.status;
  };
  const launch = async (): Promise<void> => {
    await sh(LAUNCH, log, idFile, ...argv);
  };
  const running = async (): Promise<boolean> =>
    existsSync(idFile) && (await sh('kill -0 "$(cat "$1")" 2> /dev/null', idFile)) === 0;
  const start = async (): Promise<void> => {
    await launch();
    if (listens === undefined) return;
    let left = relaunches;
    const isReady = async (): Promise<boolean> => {
      if (isListening(place, listens)) return true;
      if (await running()) return false;
      left -= 1;
      if (left >= 0) {
        await launch();
        return false;
      }
      throw new Error(`${name} of ${place.name} ended: ${readLog(place, name).trim().slice(-1500)}`);
    };
    await eventually(`${name} of ${place.name} listens on ${listens}`, isReady, LISTEN_BOUND_MS, 100);
  };
  const end = async (signal: string): Promise<void> => {
    if (!existsSync(idFile)) return;
    await sh(STOP, idFile, signal);
    rmSync(idFile, { force: true });
  };
  return {
    name,
    start,
    launch,
    stop: () => end('TERM'),
    kill: () => end('KILL'),
    restart: async () => {
      await end('TERM');
      await start();
    },
    signal: async (signal) => {
      await sh('kill -s "$2" "$(cat "$1")"', idFile, signal);
    },
    running,
    logs: () => readLog(place, name),
  };
}
