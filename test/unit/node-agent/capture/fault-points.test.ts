import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from '@jest/globals';

import {
  armFault,
  FAULT_ACTIONS,
  FAULT_POINTS,
  faultPoint,
  parseFault,
  type FaultMeans,
} from '../../../../src/node-agent/capture/fault-points.js';

const SOURCES = fileURLToPath(new URL('../../../../../src/node-agent/', import.meta.url));

function means(): { readonly done: string[]; readonly means: FaultMeans } {
  const done: string[] = [];
  return {
    done,
    means: {
      signal: (name) => void done.push(name),
      exitThread: () => void done.push('exit'),
      hang: () => void done.push('hang'),
    },
  };
}

describe('parseFault()', () => {
  test('takes every point with every action', () => {
    for (const point of FAULT_POINTS)
      for (const action of FAULT_ACTIONS)
        expect(parseFault(`${point}:${action}`)).toEqual({ ok: true, fault: { point, action } });
  });

  test('takes nothing for no fault', () => {
    expect([parseFault(undefined), parseFault('')]).toEqual([
      { ok: true, fault: undefined },
      { ok: true, fault: undefined },
    ]);
    expect(parseFault('none')).toEqual({ ok: true, fault: 'none' });
  });

  test.each(['frozen', 'frozen:', 'frozen:explode', 'nowhere:kill', 'frozen:kill:twice', 'none:kill'])(
    'refuses %s',
    (text) => {
      expect(parseFault(text)).toEqual({ ok: false, message: expect.stringContaining(text) });
    },
  );
});

describe('faultPoint()', () => {
  test('does nothing where no fault is armed', () => {
    const { done, means: with_ } = means();
    expect([armFault(undefined, with_), armFault('none', with_)]).toEqual([undefined, undefined]);
    for (const point of FAULT_POINTS) faultPoint({}, point);
    expect(done).toEqual([]);
  });

  test('strikes at its point alone, and once', () => {
    const { done, means: with_ } = means();
    const context = { fault: armFault({ point: 'frozen', action: 'stop' }, with_) };
    for (const point of [...FAULT_POINTS, ...FAULT_POINTS]) faultPoint(context, point);
    expect(done).toEqual(['SIGSTOP']);
  });

  test.each([
    ['kill', 'SIGKILL'],
    ['stop', 'SIGSTOP'],
    ['exit', 'exit'],
    ['hang', 'hang'],
  ] as const)('does what %s says', (action, expected) => {
    const { done, means: with_ } = means();
    armFault({ point: 'in-hold', action }, with_)?.strike();
    expect(done).toEqual([expected]);
  });
});

test('each fault point stands in the code of a capture, once', () => {
  const code = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'fault-points.ts')
    .map((name) => readFileSync(`${SOURCES}${name}`, 'utf8'))
    .join('\n');
  const times = FAULT_POINTS.map((point) => [point, code.split(`faultPoint(session.context, '${point}')`).length - 1]);
  expect(times).toEqual(FAULT_POINTS.map((point) => [point, 1]));
});
