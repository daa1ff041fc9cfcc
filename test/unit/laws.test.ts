/** Laws of docs/architecture.md that neither the linter nor the import checker can say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REPOSITORY } from '../kernel/harness/programs.js';

const SOURCES = readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: withoutComments(readFileSync(join(REPOSITORY, 'src', file), 'utf8')) }));

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

describe('the sources', () => {
  test('await nothing between freeze and release: nothing else may run on the tracing thread', () => {
    const inside = SOURCES.filter(({ file }) => file.startsWith('node-agent/capture/'));
    expect(inside.length).toBeGreaterThan(10);
    expect(inside.filter(({ text }) => /\b(async|await|Promise)\b/.test(text)).map(({ file }) => file)).toEqual([]);
  });

  test('never call koffi asynchronously: ptrace belongs to one thread, and .async runs on another', () => {
    expect(SOURCES.filter(({ text }) => /\.async\(/.test(text)).map(({ file }) => file)).toEqual([]);
  });

  test('never ask the kernel to kill tracees with their tracer', () => {
    expect(SOURCES.filter(({ text }) => text.includes('EXITKILL')).map(({ file }) => file)).toEqual([]);
  });

  test('name no file of /proc that can block, but in the reader that may be lost', () => {
    const blocking = /\/(cmdline|environ|smaps|smaps_rollup|numa_maps|map_files|cwd|root|fd)\b[`'"/]/;
    const found = SOURCES.filter(({ text }) => /proc/.test(text) && blocking.test(text)).map(({ file }) => file);
    expect(found.filter((file) => /^node-agent\/(capture\/|report\/report)/.test(file))).toEqual([]);
  });
});
