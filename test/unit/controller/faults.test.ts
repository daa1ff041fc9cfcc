/**
 * A property test: whatever happens in whatever order, and whichever request fails, every Checkpoint ends exactly once.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture } from '../../../src/api/kinds.js';
import { hasEnded } from '../../../src/api/conditions.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { objectionsTo } from './builders.js';
import { Simulation, type Fault } from './simulation.js';

const PODS_OF_ALL = ['web-0', 'web-1'] as const;
const NAMES = ['a', 'b', 'c', 'd'] as const;
const FAULTS: readonly Fault[] = ['none', 'none', 'none', 'unsent', 'unanswered', 'dies before', 'dies after'];

/** The possible next events. The numbers choose among the existing objects. */
const MOVES = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('visit' as const), which: fc.nat(9), many: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('sync' as const), events: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('agent' as const), which: fc.nat(9), patience: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete checkpoint' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete capture' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete pod' as const), which: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace pod' as const), which: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('agent state' as const), state: fc.nat(3) }) },
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
/** A visit by a former leader that has not noticed the loss of its Lease. */
const FORMER = fc.record({ kind: fc.constant('former' as const), which: fc.nat(9) });
type Made<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
type Move = Made<typeof MOVES> | Made<typeof FORMER>;

const ASKED = fc.array(
  fc.record({
    name: fc.constantFrom(...NAMES),
    podName: fc.constantFrom(...PODS_OF_ALL, 'nowhere'),
    hold: fc.constantFrom(undefined, undefined, { seconds: 30 }),
    ttlSecondsAfterFinished: fc.constantFrom(undefined, undefined, 0),
  }),
  { minLength: 1, maxLength: 4 },
);

async function begin(
  asked: readonly { name: string; podName: string; hold?: { seconds: number } | undefined }[],
): Promise<Simulation> {
  const simulation = new Simulation();
  PODS_OF_ALL.forEach((name, index) => simulation.addPod(name, `node-${index}`));
  for (const { name, podName, hold, ...spec } of asked)
    await simulation.ask(name, podName, { ...spec, ...(hold === undefined ? {} : { hold }) });
  simulation.sync();
  return simulation;
}

function one<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(1, list.length)];
}

async function make(simulation: Simulation, move: Move): Promise<void> {
  const { model } = simulation;
  const checkpoints = model.all(CHECKPOINT_RESOURCE);
  const captures = model.all(PODCAPTURE_RESOURCE);
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
    case 'release': {
      const checkpoint = one(checkpoints, move.which);
      if (checkpoint?.spec.hold === undefined) break;
      const at = { namespace: 'shop', name: checkpoint.metadata.name };
      await model.api().mergePatch(CHECKPOINTS, { ...at, patch: { spec: { hold: { release: true } } } });
      break;
    }
    case 'delete pod':
      model.drop(PODS, 'shop', PODS_OF_ALL[move.which] ?? '');
      break;
    case 'replace pod':
      simulation.addPod(PODS_OF_ALL[move.which] ?? '', `node-${move.which}`);
      break;
    case 'agent state':
      simulation.setAgent('node-0', (['Alive', 'Away', 'Lost', 'Unknown'] as const)[move.state] ?? 'Alive');
      break;
    case 'die':
      simulation.die();
      break;
    case 'ask':
      await simulation.ask(move.name, move.podName, { hold: { seconds: 5 } });
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

/** Violations that the history of the server shows, for states that must never occur. */
function wrongOnTheWay(simulation: Simulation, leaders: 'one' | 'two'): string[] {
  const wrong: string[] = [];
  const running = new Map<string, string>();
  const made = new Set<string>();
  const reasons = new Map<string, string>();
  const present = new Map<string, PodCapture>();
  for (const { plural, type, object } of simulation.model.events) {
    if (plural === PODCAPTURES.plural) {
      const capture = object as PodCapture;
      const { name, uid } = capture.metadata;
      const { podUID } = capture.spec;
      if (type === 'DELETED') present.delete(name);
      else present.set(name, capture);
      if (type === 'ADDED') {
        // The name is computed from the Checkpoint's UID, so it must not occur twice.
        if (made.has(name)) wrong.push(`${name} was created twice`);
        made.add(name);
        // Two leaders may both find the pod free. The agent then runs the captures one at a time.
        if (leaders === 'one' && running.has(podUID))
          wrong.push(`${name} was created while ${running.get(podUID)} ran`);
      }
      if (type !== 'DELETED' && !hasEnded(capture.status)) running.set(podUID, uid);
      else if (running.get(podUID) === uid) running.delete(podUID);
    } else if (plural === CHECKPOINTS.plural) {
      const checkpoint = object as Checkpoint;
      const { uid, name } = checkpoint.metadata;
      const reason = checkpoint.status?.conditions?.find(({ type: of }) => of === 'Succeeded')?.reason ?? '';
      wrong.push(...objectionsTo(checkpoint.status).map((objection) => `${name}${objection}`));
      const before = reasons.get(uid) ?? reason;
      if (before !== reason) wrong.push(`${name} ended as ${before}, and then as ${reason}`);
      if (hasEnded(checkpoint.status)) reasons.set(uid, reason);
      // Once a deletion has returned, nothing may be held any more.
      const capture = present.get(checkpoint.status?.pods?.[0]?.captureName ?? '');
      const held = capture !== undefined && capture.spec.hold !== undefined && !hasEnded(capture.status);
      if (type === 'DELETED' && held) wrong.push(`${name} was deleted while ${capture.metadata.name} held`);
    }
  }
  return wrong;
}

async function wrongInTheEnd(simulation: Simulation, leaders: 'one' | 'two' = 'one'): Promise<string[]> {
  const wrong = wrongOnTheWay(simulation, leaders);
  for (const { metadata, spec, status } of simulation.model.all(CHECKPOINT_RESOURCE)) {
    const { name } = metadata;
    if (!hasEnded(status) || status?.completionTime === undefined) wrong.push(`${name} has not ended`);
    if (metadata.deletionTimestamp !== undefined) wrong.push(`${name} has not been deleted`);
    const types = status?.conditions?.map(({ type }) => type).join();
    const expected = `Dispatched,${spec.hold === undefined ? '' : 'Held,'}Released,Succeeded,Finished,Reconciling`;
    if (types !== expected && types !== `${expected},Stalled`) wrong.push(`${name} has ${types}`);
    const capture = simulation.model.find(PODCAPTURE_RESOURCE, 'shop', status?.pods?.[0]?.captureName ?? '');
    const result = capture?.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
    const said = simulation.reason(name);
    if (result !== undefined && result !== said) wrong.push(`${name} says ${said}, its PodCapture ${result}`);
  }
  wrong.push(...simulation.withFinalizer().map((key) => `${key} has the finalizer`));
  const before = simulation.model.revision;
  await simulation.again();
  if (simulation.model.revision !== before) wrong.push('a second run wrote something');
  return wrong;
}

describe('reconcile()', () => {
  test('ends every Checkpoint once, whatever happens in whatever order, and writes nothing after that', async () => {
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
          expect(await wrongInTheEnd(simulation)).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('ends every Checkpoint once, even while a former leader that has not noticed goes on', async () => {
    const moves = fc.oneof({ weight: 3, arbitrary: MOVES }, { weight: 1, arbitrary: FORMER });
    await fc.assert(
      fc.asyncProperty(ASKED, fc.array(moves, { maxLength: 60 }), async (asked, made) => {
        const simulation = await begin(asked);
        simulation.die();
        for (const move of made) await make(simulation, move);
        await simulation.settle();
        expect(await wrongInTheEnd(simulation, 'two')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  const STORIES = [0, 30].flatMap((holdSeconds) =>
    (['runs', 'is deleted', 'is released'] as const).map((end) => [holdSeconds, end] as const),
  );

  test.each(STORIES)(
    'comes to the same end when any single request fails (hold of %d s, %s)',
    async (holdSeconds, end) => {
      const { requests } = await story(holdSeconds, end, []);
      expect(requests).toBeGreaterThan(4);
      for (const fault of FAULTS.slice(3)) {
        for (let at = 0; at < requests; at += 1) {
          const faults = [...Array.from({ length: at }, (): Fault => 'none'), fault];
          expect((await story(holdSeconds, end, faults)).wrong).toEqual([]);
        }
      }
    },
  );
});

/** Plays two Checkpoints of one pod from beginning to end. Returns the number of requests. */
async function story(
  holdSeconds: number,
  end: 'runs' | 'is deleted' | 'is released',
  faults: readonly Fault[],
): Promise<{ requests: number; wrong: string[] }> {
  const simulation = await begin([
    { name: 'a', podName: 'web-0', ...(holdSeconds === 0 ? {} : { hold: { seconds: holdSeconds } }) },
    { name: 'b', podName: 'web-0' },
  ]);
  simulation.faults = [...faults];
  await simulation.rest();
  const agent: Move = { kind: 'agent', which: 0, patience: 1 };
  await make(simulation, agent);
  await make(simulation, agent);
  simulation.sync();
  await simulation.rest();
  if (end !== 'runs')
    await make(simulation, { kind: end === 'is deleted' ? 'delete checkpoint' : 'release', which: 0 });
  simulation.sync();
  await simulation.rest();
  await make(simulation, agent);
  simulation.sync();
  await simulation.rest();
  const requests = simulation.calls.length;
  await simulation.settle();
  const wrong = await wrongInTheEnd(simulation);
  if (end !== 'is deleted' && simulation.reason('a') !== 'Captured') wrong.push('a is not captured');
  if (simulation.reason('b') !== 'Captured') wrong.push('b is not captured');
  return { requests, wrong };
}
