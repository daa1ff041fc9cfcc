/** A process with many hollow agents. Its parent tells it over IPC which to start and which to end. */
import { readFileSync } from 'node:fs';
import perfHooks from 'node:perf_hooks';
import { systemClock } from '../../../src/kube/clock.js';
import { createLogger } from '../../../src/kube/log.js';
import type { AgentsAnswer, AgentsOrder } from './agents.js';
import { startHollowAgent, type HollowAgent } from './hollow-agent.js';

const [origin = '', caFile = '', folder = '', processes = '', holds = ''] = process.argv.slice(2);

// Each agent's metrics have a timer of 10 ms for the lag of the event loop, and an observer of the garbage collector. One process
// of a real agent has one of each; here they would be most of the load.
perfHooks.monitorEventLoopDelay = () => hollowHistogram();
perfHooks.PerformanceObserver = class {
  observe(): void {
    // Nothing is observed.
  }
} as unknown as typeof perfHooks.PerformanceObserver;

const clock = systemClock();
const agents = new Map<string, HollowAgent>();
const around = {
  origin,
  ca: readFileSync(caFile, 'utf8'),
  folder,
  processes: Number(processes),
  maxConcurrentHolds: Number(holds),
  clock,
  log: createLogger({
    level: 'warn',
    format: 'json',
    sink: (line) => void process.stderr.write(line),
    wall: () => clock.wall(),
  }),
};

process.on('message', (order: AgentsOrder) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());

async function obey({ id, start = [], stop = [], vanish = [] }: AgentsOrder): Promise<AgentsAnswer> {
  for (const place of start) agents.set(place.node, startHollowAgent(place, around));
  await Promise.all([
    ...stop.map(async (node) => await take(node)?.stop()),
    ...vanish.map(async (node) => await take(node)?.vanish()),
  ]);
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { id, agents: agents.size, rss, cpuSeconds: (user + system) / 1e6 };
}

function take(node: string): HollowAgent | undefined {
  const agent = agents.get(node);
  agents.delete(node);
  return agent;
}

function hollowHistogram(): ReturnType<typeof perfHooks.monitorEventLoopDelay> {
  const nothing = { enable: () => true, disable: () => true, reset: () => undefined, percentile: () => 0 };
  const zeros = { min: 0, max: 0, mean: 0, stddev: 0, count: 0, exceeds: 0, percentiles: new Map<number, number>() };
  return { ...nothing, ...zeros } as unknown as ReturnType<typeof perfHooks.monitorEventLoopDelay>;
}
