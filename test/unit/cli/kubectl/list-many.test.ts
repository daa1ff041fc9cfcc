/** `kubectl stasis list` as a process of its own, against a namespace with 10,000 Checkpoints. */
import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FakeApiServer } from '../../../fake/api-server.js';
import { checkpoint } from './checkpoints.js';

const MANY = 10_000;
/** Milliseconds that a step may take on a machine that does other work. */
const SLOW = 120_000;
const BEGAN = Date.UTC(2026, 0, 1);

/**
 * The heap that V8 may use, in MiB. The plugin itself takes 19, what is kept of the objects 5, and a page 2 as text and as much again
 * as objects, of which several may wait for the garbage collector on a busy machine. All objects together, with the fields that are
 * managed, do not fit.
 */
const HEAP = '--max-old-space-size=48';

/** Each is as large as one that a controller wrote: with the fields that it manages, and a message. */
const objects = Array.from({ length: MANY }, (_, index) => {
  const made = checkpoint({
    name: `web-${String((index * 7) % MANY).padStart(4, '0')}`,
    created: new Date(BEGAN + ((index * 7) % MANY) * 1_000).toISOString(),
    message: 'x'.repeat(100),
  });
  return { ...made, metadata: { ...made.metadata, managedFields: [{ manager: 'y'.repeat(3_000) }] } };
});

let server: FakeApiServer;
/** The plugin as it is released, in the server's folder, which the server removes at its end. */
let plugin: string;
/** The number of objects on each page that was asked for. */
const pages: number[] = [];

beforeAll(async () => {
  server = await FakeApiServer.start(({ query }, response) => {
    const [from, limit] = [Number(query.get('continue') ?? '0'), Number(query.get('limit') ?? MANY)];
    const items = objects.slice(from, from + limit);
    pages.push(items.length);
    const more = from + limit < MANY ? { continue: String(from + limit) } : {};
    response.json(200, { kind: 'CheckpointList', metadata: { resourceVersion: '1', ...more }, items });
  });
  const folder = dirname(server.kubeconfig());
  plugin = join(folder, 'kubectl-stasis');
  execFileSync(process.execPath, ['deploy/release/plugin.mjs', folder]);
}, SLOW);

afterAll(async () => await server.close());

async function run(...argv: string[]): Promise<string> {
  const args = [HEAP, plugin, ...argv, '--kubeconfig', server.kubeconfig()];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = ['', ''];
  for (const [index, stream] of [child.stdout, child.stderr].entries())
    stream.on('data', (bytes: Buffer) => (texts[index] += bytes.toString()));
  const status = await new Promise((resolve) => child.once('close', resolve));
  const [stdout = '', stderr = ''] = texts;
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

test(
  'list prints 10,000 Checkpoints, read in pages of 500, with a heap that is smaller than all of them',
  async () => {
    const stdout = await run('list');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(MANY + 1);
    expect([lines[1], lines[MANY]].map((line) => line?.slice(0, 8))).toEqual(['web-0000', 'web-9999']);
    expect(pages).toEqual(Array.from({ length: 20 }, () => 500));
  },
  SLOW,
);

test(
  'list prints all of them as one List, with the same heap',
  async () => {
    const stdout = await run('list', '-o', 'json');
    const { items } = JSON.parse(stdout) as { items: { metadata: object }[] };
    expect(items).toHaveLength(MANY);
    expect(items.some(({ metadata }) => 'managedFields' in metadata)).toBe(false);
  },
  SLOW,
);
