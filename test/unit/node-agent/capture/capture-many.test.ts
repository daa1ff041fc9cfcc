/** Captures of very many processes, and of very many cgroups. */
import { expect, test } from '@jest/globals';
import { eachRecord } from '../../../../src/node-agent/capture/raw-arena.js';
import { containerTarget, freezerWrites, makeScene, POD } from './scene.js';

test('capture() reads the status of at most 1,024 processes in the pause, and reports all of them', () => {
  const scene = makeScene('v2');
  for (let index = 0; index < 1_100; index++) scene.add({ comm: `p${index}` });
  const raw = scene.run();
  const held = [...eachRecord(raw.records)].filter(({ look, file }) => look === 'held' && file === 'status');
  expect(held).toHaveLength(1_024);
  const { tree } = scene.report(raw);
  expect(tree.map(({ comm }) => comm)).toEqual(Array.from({ length: 1_100 }, (_, index) => `p${index}`));
  expect(tree.filter(({ unsettled }) => unsettled === true)).toEqual([]);
});

test('capture() reads every process in a hold', () => {
  const scene = makeScene('v2');
  for (let index = 0; index < 1_100; index++) scene.add();
  const raw = scene.run({ holdMicroseconds: 100_000 });
  const held = [...eachRecord(raw.records)].filter(({ look, file }) => look === 'held' && file === 'status');
  expect(new Set(held.map(({ id }) => id)).size).toBe(1_100);
});

test('capture() refuses more cgroups than the board has room for, and freezes none of them', () => {
  const scene = makeScene('v1');
  const paths = Array.from({ length: 65 }, (_, index) => `${POD}/${index}`);
  for (const path of paths) {
    scene.host.addCgroup('v1', path);
    scene.host.addProcess({ v1: path, v2: POD });
  }
  const raw = scene.run({ containers: paths.map((path) => containerTarget(scene.host, 'v1', path)) });
  expect(raw.failure).toMatchObject({ reason: 'InvalidTarget', message: expect.stringContaining('65 cgroups') });
  expect(freezerWrites(scene)).toEqual([]);
});
