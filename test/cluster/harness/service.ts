import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { isListening } from './listening.js';
import { execIn, type Place, readLog } from './place.js';
import { eventually } from './waiting.js';

/** An API server under load takes 5 s on two cores. */
const LISTEN_BOUND_MS = 60_000;

/** A program that runs in a place until it is stopped. Its process is a child of the place's process 1. */
export interface Service {
  readonly name: string;
  /** Starts it, and returns when it takes connections. Throws when it ends before, with its last words. */
  start(): Promise<void>;
  /** SIGTERM, SIGKILL after 10 s, and returns when it is gone. Nothing to do when it does not run. */
  stop(): Promise<void>;
  /** SIGKILL, and returns when it is gone. */
  kill(): Promise<void>;
  /** Stops and starts, and returns when it takes connections again. */
  restart(): Promise<void>;
  /** Starts it and does not wait. */
  launch(): Promise<void>;
  /** Any signal, without waiting: STOP and CONT make it hang and go on. */
  signal(name: string): Promise<void>;
  running(): Promise<boolean>;
  /** Everything it wrote since the cluster is up. */
  logs(): string;
}

/** setsid: a signal from the caller's terminal must not reach it. In the background of a shell it keeps its id. */
const LAUNCH = 'log=$1; id=$2; shift 2; setsid "$@" >> "$log" 2>&1 < /dev/null & echo $! > "$id"';
const STOP = `id=$(cat "$1"); kill -s "$2" "$id" 2> /dev/null || exit 0; n=0
while kill -0 "$id" 2> /dev/null; do n=$((n + 1)); [ $n -ne 500 ] || kill -s KILL "$id"; sleep 0.02; done`;

/**
 * `listens` is the port or the Unix socket by which it is known to be ready; without it, start() does not wait. What ends before is
 * launched again so many times, as an init system would.
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
