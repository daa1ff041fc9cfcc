/** The processes with the hollow agents. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../../cluster/harness/cluster.js';
import { API_ADDRESS } from '../../cluster/harness/addresses.js';
import { inside } from '../../cluster/harness/place.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import type { AgentPlace } from './population.js';

/** What a process is to do; the answer has the same id. */
export interface AgentsOrder {
  readonly id: number;
  readonly start?: readonly AgentPlace[];
  readonly stop?: readonly string[];
  readonly vanish?: readonly string[];
}

export interface AgentsAnswer {
  readonly id: number;
  readonly agents: number;
  readonly rss: number;
  readonly cpuSeconds: number;
}

export interface AgentsOptions {
  readonly processes: number;
  readonly maxConcurrentHolds: number;
}

/** Hollow agents in one process. With more, the process has no CPU time left for a burst. */
const PER_PROCESS = 250;
/** A process gets so many agents at a time, so that they do not all connect in the same moment. */
const AT_ONCE = 50;

export class Agents {
  readonly #cluster: Cluster;
  readonly #options: AgentsOptions;
  readonly #children: ChildProcess[] = [];
  readonly #waiting = new Map<number, (answer: AgentsAnswer) => void>();
  readonly #homes = new Map<string, ChildProcess>();
  #orders = 0;

  constructor(cluster: Cluster, options: AgentsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  async start(places: readonly AgentPlace[]): Promise<void> {
    for (let from = 0; from < places.length; from += AT_ONCE) {
      const some = places.slice(from, from + AT_ONCE);
      const child = this.#roomFor(some.length);
      for (const { node } of some) this.#homes.set(node, child);
      await this.#tell(child, { start: some });
    }
  }

  /** Their machines lose power. Resolves when the processes have forgotten them. */
  async vanish(nodes: readonly string[]): Promise<void> {
    const children = new Set(nodes.map((node) => this.#homes.get(node)));
    await Promise.all(
      [...children].map(async (child) => {
        if (child !== undefined)
          await this.#tell(child, { vanish: nodes.filter((node) => this.#homes.get(node) === child) });
      }),
    );
    for (const node of nodes) this.#homes.delete(node);
  }

  /** Memory and CPU time of all processes so far. */
  async usage(): Promise<{ readonly rss: number; readonly cpuSeconds: number }> {
    const all = await Promise.all(this.#children.map(async (child) => await this.#tell(child, {})));
    return {
      rss: all.reduce((sum, { rss }) => sum + rss, 0),
      cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    };
  }

  close(): void {
    for (const child of this.#children) if (child.connected) child.disconnect();
  }

  #roomFor(count: number): ChildProcess {
    const load = (child: ChildProcess): number => [...this.#homes.values()].filter((home) => home === child).length;
    const found = this.#children.find((child) => load(child) + count <= PER_PROCESS);
    if (found !== undefined) return found;
    const child = this.#spawn();
    this.#children.push(child);
    return child;
  }

  #spawn(): ChildProcess {
    const { control, authority } = this.#cluster;
    const script = join(REPOSITORY, 'build/test/bench/scale/hollow.worker.js');
    const { processes, maxConcurrentHolds } = this.#options;
    const folder = join(control.state, 'artifacts');
    const settings = [`https://${API_ADDRESS}:443`, authority, folder, String(processes), String(maxConcurrentHolds)];
    const [command = '', ...argv] = inside(control, [process.execPath, '--trace-warnings', script, ...settings]);
    const log = openSync(join(control.state, 'hollow-agents.log'), 'a');
    const child = spawn(command, argv, { stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    child.on('message', (answer: AgentsAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    return child;
  }

  #tell(child: ChildProcess, order: Omit<AgentsOrder, 'id'>): Promise<AgentsAnswer> {
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      if (!child.connected) {
        reject(new Error('a process of hollow agents has ended; see hollow-agents.log'));
        return;
      }
      this.#waiting.set(id, resolve);
      child.send({ id, ...order });
    });
  }
}
