/** Whatever happens, in whatever order, and whichever request goes wrong: every Checkpoint ends, and once. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture } from '../../../src/api/kinds.js';
import { hasEnded } from '../../../src/controller/condition.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { Simulation, type Fault } from './simulation.js';

const PODS_OF_ALL = ['web-0', 'web-1'] as const;
const NAMES = ['a', 'b', 'c', 'd'] as const;
const FAULTS: readonly Fault[] = ['none', 'none', 'none', 'unsent', 'unanswered', 'dies before', 'dies after'];

/** What can happen next; the numbers choose among what there is. */
const MOVES = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('visit' as const), which: fc.nat(9), many: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('sync' as const), events: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('agent' as const), which: fc.nat(9), patience: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete checkpoint' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete capture' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lower' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete pod' as const), which: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace pod' as const), which: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('agent state' as const), state: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      name: fc.constantFrom('A', 'e', 'f'),
      podName: fc.constantFrom(...PODS_OF_ALL),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('garbage' as const) }) },
);
/** A former leader that has not noticed yet. */
const FORMER = fc.record({ kind: fc.constant('former' as const), which: fc.nat(9) });
type Made<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
type Move = Made<typeof MOVES> | Made<typeof FORMER>;

const ASKED = fc.array(
  fc.record({
    name: fc.constantFrom(...NAMES),
    podName: fc.constantFrom(...PODS_OF_ALL, 'nowhere'),
    holdSeconds: fc.constantFrom(0, 0, 30),
    ttlSecondsAfterFinished: fc.constantFrom(undefined, undefined, 0),
  }),
  { minLength: 1, maxLength: 4 },
);

async function begin(asked: readonly { name: string; podName: string; holdSeconds: number }[]): Promise<Simulation> {
  const simulation = new Simulation();
  PODS_OF_ALL.forEach((name, index) => simulation.addPod(name, `node-${index}`));
  for (const { name, podName, ...spec } of asked) await simulation.ask(name, podName, spec);
  simulation.sync();
  return simulation;
}

async function make(simulation: Simulation, move: Move): Promise<void> {
  const { model } = simulation;
  const checkpoints = model.all(CHECKPOINT_RESOURCE);
  const captures = model.all(PODCAPTURE_RESOURCE);
  const one = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(1, list.length)];
  switch (move.kind) {
    case 'visit': {
      const { keys } = simulation;
      const start = move.which % Math.max(1, keys.length);
      await simulation.visit(...keys.slice(start, start + 1 + move.many));
      break;
    }
    case 'sync':
      simulation.sync(move.events);
      break;
    case 'agent': {
      const capture = one(captures, move.which);
      if (capture !== undefined) await simulation.agentStep(capture, move.patience);
      break;
    }
    case 'pass':
      simulation.pass(move.seconds * 1000);
      break;
    case 'delete checkpoint':
    case 'delete capture': {
      const [resource, object] =
        move.kind === 'delete capture'
          ? ([PODCAPTURES, one(captures, move.which)] as const)
          : ([CHECKPOINTS, one(checkpoints, move.which)] as const);
      if (object === undefined) break;
      await model.api().remove(resource, { namespace: 'shop', name: object.metadata.name });
      break;
    }
    case 'lower': {
      const checkpoint = one(checkpoints, move.which);
      if (checkpoint === undefined) break;
      const at = { namespace: 'shop', name: checkpoint.metadata.name };
      await model.api().mergePatch(CHECKPOINTS, { ...at, patch: { spec: { holdSeconds: 0 } } });
      break;
    }
    case 'delete pod':
      model.drop(PODS, 'shop', PODS_OF_ALL[move.which] ?? '');
      break;
    case 'replace pod':
      simulation.addPod(PODS_OF_ALL[move.which] ?? '', `node-${move.which}`);
      break;
    case 'agent state':
      simulation.setAgent('node-0', (['Alive', 'Away', 'Lost'] as const)[move.state] ?? 'Alive');
      break;
    case 'die':
      simulation.die();
      break;
    case 'ask':
      await simulation.ask(move.name, move.podName, { holdSeconds: 5 });
      break;
    case 'former':
      await simulation.visitAsFormer(move.which);
      break;
    case 'garbage':
      model.collectGarbage();
      break;
    default:
      move satisfies never;
  }
}

/** What must be so at every moment, read from the history of the server. */
function check(simulation: Simulation, leaders: 'one' | 'two'): void {
  const running = new Map<string, string>();
  const made = new Map<string, number>();
  const reasons = new Map<string, string>();
  const present = new Map<string, PodCapture>();
  for (const { plural, type, object } of simulation.model.events) {
    if (plural === PODCAPTURES.plural) {
      const capture = object as PodCapture;
      const { name, uid, labels } = capture.metadata;
      if (type === 'DELETED') present.delete(name);
      else present.set(name, capture);
      if (type === 'ADDED') {
        const owner = labels?.['stasis.dev/checkpoint-uid'] ?? '';
        made.set(owner, (made.get(owner) ?? 0) + 1);
        // Of two leaders each may find the pod free; the agent takes one at a time then.
        if (leaders === 'one') expect(running.get(capture.spec.podUID)).toBeUndefined();
      }
      if (type !== 'DELETED' && !hasEnded(capture.status)) running.set(capture.spec.podUID, uid);
      else if (running.get(capture.spec.podUID) === uid) running.delete(capture.spec.podUID);
    } else if (plural === CHECKPOINTS.plural) {
      const checkpoint = object as Checkpoint;
      const { uid } = checkpoint.metadata;
      const reason = checkpoint.status?.conditions?.find(({ type: of }) => of === 'Succeeded')?.reason ?? '';
      const before = reasons.get(uid);
      if (before !== undefined) expect(reason).toBe(before);
      if (hasEnded(checkpoint.status)) reasons.set(uid, reason);
      // A deletion that has returned means that nothing is held any more.
      const captured = checkpoint.status?.pods?.[0]?.captureName;
      const capture = captured === undefined ? undefined : present.get(captured);
      if (type === 'DELETED' && (checkpoint.spec.holdSeconds ?? 0) > 0 && capture !== undefined) {
        expect(hasEnded(capture.status)).toBe(true);
      }
    }
  }
  expect([...made.values()].filter((count) => count !== 1)).toEqual([]);
}

async function checkSettled(simulation: Simulation, leaders: 'one' | 'two' = 'one'): Promise<void> {
  check(simulation, leaders);
  for (const { metadata, status } of simulation.model.all(CHECKPOINT_RESOURCE)) {
    expect({ name: metadata.name, ended: hasEnded(status) }).toEqual({ name: metadata.name, ended: true });
    expect(status?.completionTime).toBeDefined();
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Dispatched', 'Thawed', 'Succeeded']);
    expect(metadata.deletionTimestamp).toBeUndefined();
    const name = status?.pods?.[0]?.captureName ?? '';
    const capture = simulation.model.find(PODCAPTURE_RESOURCE, 'shop', name);
    const result = capture?.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
    if (result !== undefined) expect(simulation.reason(metadata.name)).toBe(result);
  }
  expect(simulation.guarded()).toEqual([]);
  const before = simulation.model.revision;
  await simulation.again();
  expect(simulation.model.revision).toBe(before);
}

describe('reconcile()', () => {
  test('ends every Checkpoint once, whatever happens in whatever order, and writes nothing more', async () => {
    await fc.assert(
      fc.asyncProperty(
        ASKED,
        fc.array(MOVES, { maxLength: 60 }),
        fc.array(fc.constantFrom(...FAULTS), { maxLength: 30 }),
        async (asked, moves, faults) => {
          const simulation = await begin(asked);
          simulation.faults = [...faults];
          for (const move of moves) await make(simulation, move);
          await simulation.settle();
          await checkSettled(simulation);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('does so also while a former leader goes on without knowing that it is none', async () => {
    const moves = fc.oneof({ weight: 3, arbitrary: MOVES }, { weight: 1, arbitrary: FORMER });
    await fc.assert(
      fc.asyncProperty(ASKED, fc.array(moves, { maxLength: 60 }), async (asked, made) => {
        const simulation = await begin(asked);
        simulation.die();
        for (const move of made) await make(simulation, move);
        await simulation.settle();
        await checkSettled(simulation, 'two');
      }),
      { numRuns: 300 },
    );
  });

  const STORIES = [0, 30].flatMap((holdSeconds) =>
    (['runs', 'is deleted', 'is lowered'] as const).map((end) => [holdSeconds, end] as const),
  );

  test.each(STORIES)(
    'comes to the same end when any one request goes wrong (hold of %d s, %s)',
    async (holdSeconds, end) => {
      const requests = await story(holdSeconds, end, []);
      expect(requests).toBeGreaterThan(4);
      for (const fault of FAULTS.slice(3)) {
        for (let at = 0; at < requests; at += 1) {
          await story(holdSeconds, end, [...Array.from({ length: at }, (): Fault => 'none'), fault]);
        }
      }
    },
  );
});

/** Two Checkpoints of one pod, from beginning to end; returns how many requests it took. */
async function story(
  holdSeconds: number,
  end: 'runs' | 'is deleted' | 'is lowered',
  faults: readonly Fault[],
): Promise<number> {
  const simulation = await begin([
    { name: 'a', podName: 'web-0', holdSeconds },
    { name: 'b', podName: 'web-0', holdSeconds: 0 },
  ]);
  simulation.faults = [...faults];
  await simulation.rest();
  const agent: Move = { kind: 'agent', which: 0, patience: 1 };
  await make(simulation, agent);
  await make(simulation, agent);
  simulation.sync();
  await simulation.rest();
  if (end !== 'runs') await make(simulation, { kind: end === 'is deleted' ? 'delete checkpoint' : 'lower', which: 0 });
  simulation.sync();
  await simulation.rest();
  await make(simulation, agent);
  simulation.sync();
  await simulation.rest();
  const requests = simulation.calls.length;
  await simulation.settle();
  await checkSettled(simulation);
  if (end !== 'is deleted') expect(simulation.reason('a')).toBe('Captured');
  expect(simulation.reason('b')).toBe('Captured');
  return requests;
}
