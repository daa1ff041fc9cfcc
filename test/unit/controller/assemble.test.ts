/** Tests that every status that the controller writes is within the bounds of the schema, whatever agents and users say. */
import { describe, expect, test } from '@jest/globals';
import { MAX_MESSAGE } from '../../../src/api/conditions.js';
import { MOST_MICROSECONDS, MOST_TASKS, ROW_TEXTS } from '../../../src/controller/assemble.js';
import { decide } from '../../../src/controller/decide.js';
import { endedStatus, refusedStatus, waitingStatus } from '../../../src/controller/status.js';
import { property, schemaOf, type Schema } from '../api/crd.js';
import { capture, checkpoint, endedAs, NOW, objectionsTo, pod, running, undispatched } from './builders.js';

const status = property(schemaOf('Checkpoint'), 'status');
const row: Schema = property(status, 'pods').items ?? {};

/** A name of 63 characters. */
function long(n: number, stem: string): string {
  return `${stem}${String(n).padStart(63 - stem.length, 'x')}`;
}

describe('assemble()', () => {
  test('has the bounds of the schema for each text and number of a row', () => {
    const texts = Object.entries(row.properties ?? {}).filter(
      ([, { type, enum: values }]) => type === 'string' && values === undefined,
    );
    expect(Object.fromEntries(texts.map(([name, { maxLength }]) => [name, maxLength]))).toEqual(ROW_TEXTS);
    expect(property(property(status, 'conditions').items ?? {}, 'message').maxLength).toBe(MAX_MESSAGE);
    expect(['processes', 'threads'].map((name) => property(row, name).maximum)).toEqual([MOST_TASKS, MOST_TASKS]);
    const timings = Object.values(property(row, 'timings').properties ?? {});
    expect(new Set(timings.map(({ maximum }) => maximum))).toEqual(new Set([MOST_MICROSECONDS]));
  });

  test('cuts the message about containers that a pod does not have', () => {
    const containers = Array.from({ length: 40 }, (_, i) => ({ name: long(i, 'c') }));
    const target = pod({
      spec: { containers },
      status: { containerStatuses: containers.map(({ name }, i) => running(name, `a${i}`)) },
    });
    const asked = checkpoint({ spec: { containers: Array.from({ length: 32 }, (_, i) => long(i, 'm')) } });
    const [write] = decide(undispatched({ checkpoint: asked, pod: target })).actions;
    if (write?.kind !== 'write-status') throw new Error('writes no status');
    expect(write.status.pods?.[0]?.message).toHaveLength(MAX_MESSAGE);
    expect(objectionsTo(write.status)).toEqual([]);
  });

  test('cuts every text of a row, in each state', () => {
    const why = { reason: 'NodeAgentUnavailable', message: 'x'.repeat(5000) } as const;
    const names = { podName: 'p'.repeat(300), podUID: 'u'.repeat(300), nodeName: 'n'.repeat(300) };
    for (const made of [waitingStatus, refusedStatus])
      expect(objectionsTo(made(checkpoint(), why, names, NOW))).toEqual([]);
    const reported = { ...endedAs('Captured', 'False'), processes: 2 ** 40, threads: 2 ** 40 };
    const ended = endedStatus(checkpoint(), capture({ spec: names, status: reported }), NOW);
    expect(objectionsTo(ended)).toEqual([]);
    expect(ended.pods?.[0]?.threads).toBe(MOST_TASKS);
  });

  test('writes no number that JavaScript has rounded beyond what the API server reads', () => {
    const ended = endedAs('Captured');
    // The largest int64. The schema accepted it from an agent before it had a maximum.
    const largest = JSON.parse('{"pauseMicroseconds":9223372036854775807}') as { readonly pauseMicroseconds: number };
    const timings = { ...ended.timings, ...largest } as NonNullable<typeof ended.timings>;
    const made = endedStatus(checkpoint(), capture({ status: { ...ended, timings } }), NOW);
    const written = /"pauseMicroseconds":(\d+)/.exec(JSON.stringify(made))?.[1];
    expect(written).toBe(String(Number.MAX_SAFE_INTEGER));
    expect(objectionsTo(made)).toEqual([]);
  });
});
