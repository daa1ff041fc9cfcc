import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { lastResort, type DefectSource } from '../../../../src/cli/kubectl/last-resort.js';
import { settle } from '../../kube/fixtures.js';

test.each([
  ['uncaughtException', true, ['raise SIGTERM', 'error: a defect of kubectl stasis: Error: a\\nb\n', 'raise SIGTERM']],
  ['unhandledRejection', false, ['raise SIGTERM', 'error: a defect of kubectl stasis: Error: a\\nb\n', 'end']],
])('%s while a pod is held (%j) has it released, and else ends the plugin', async (event, isHeld, done) => {
  const source = new EventEmitter();
  const acts: string[] = [];
  const defects = lastResort(source as unknown as DefectSource, {
    raise: (name) => {
      acts.push(`raise ${name}`);
      return isHeld;
    },
    tell: async (_fd, text) => await Promise.resolve(acts.push(text)),
    end: () => acts.push('end'),
  });
  expect(defects.any).toBe(false);
  source.emit(event, new Error('a\nb'));
  if (isHeld) source.emit(event, new Error('another'));
  await settle();
  expect([defects.any, [...acts].sort()]).toEqual([true, [...done].sort()]);
});
