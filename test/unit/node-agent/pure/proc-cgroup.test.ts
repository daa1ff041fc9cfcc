import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  freezerPath,
  parseProcCgroup,
  unifiedEntry,
  unifiedPath,
  type ProcCgroup,
} from '../../../../src/node-agent/pure/proc-cgroup.js';

const HYBRID = `9:name=systemd:/
6:net_cls,freezer:/a
4:memory:/process_api/f96b:x
0::/kubepods.slice/b
`;

function entries(text: string): readonly ProcCgroup[] {
  const parsed = parseProcCgroup(text);
  if (!parsed.ok) throw new Error('not parsed');
  return parsed.value;
}

describe('parseProcCgroup()', () => {
  test('parseProcCgroup() reads a row a hierarchy', () => {
    expect(entries(HYBRID)).toEqual([
      { hierarchyId: 9, controllers: ['name=systemd'], path: '/', deleted: false },
      { hierarchyId: 6, controllers: ['net_cls', 'freezer'], path: '/a', deleted: false },
      { hierarchyId: 4, controllers: ['memory'], path: '/process_api/f96b:x', deleted: false },
      { hierarchyId: 0, controllers: [], path: '/kubepods.slice/b', deleted: false },
    ]);
  });

  test('freezerPath() and unifiedPath() name the two that matter', () => {
    expect(freezerPath(entries(HYBRID))).toBe('/a');
    expect(unifiedPath(entries(HYBRID))).toBe('/kubepods.slice/b');
    expect(freezerPath(entries('0::/\n'))).toBeUndefined();
    expect(unifiedPath(entries('1:freezer:/\n'))).toBeUndefined();
    expect(unifiedEntry([])).toBeUndefined();
  });

  test('parseProcCgroup() marks a removed v2 cgroup, and no v1 cgroup that is merely called so', () => {
    expect(entries('0::/a (deleted)\n')).toMatchObject([{ path: '/a', deleted: true }]);
    expect(entries('1:freezer:/a (deleted)\n')).toMatchObject([{ path: '/a (deleted)', deleted: false }]);
  });

  test('parseProcCgroup() answers no rows for an empty file', () => {
    expect(parseProcCgroup('')).toEqual({ ok: true, value: [] });
  });

  test.each(['x', '\n', '0:/\n', '0::a\n', '-1::/\n', ':freezer:/\n'])('parseProcCgroup() rejects %j', (text) => {
    expect(parseProcCgroup(text)).toMatchObject({ ok: false, error: { line: 1 } });
  });

  test('parseProcCgroup() round-trips generated rows and rejects them cut in a line', () => {
    const segment = fc.string({ unit: fc.constantFrom('a', ':', ' ', ',', '(', 'é', '.'), minLength: 1, maxLength: 8 });
    const row = fc.record({
      hierarchyId: fc.integer({ min: 1, max: 99 }),
      controllers: fc.array(fc.constantFrom('cpu', 'freezer', 'name=systemd'), { minLength: 1, maxLength: 3 }),
      path: fc.array(segment).map((segments) => `/${segments.join('/')}`),
      deleted: fc.constant(false),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), fc.nat(), (rows, at) => {
        const text = rows.map((each) => `${each.hierarchyId}:${each.controllers.join(',')}:${each.path}\n`).join('');
        expect(parseProcCgroup(text)).toEqual({ ok: true, value: rows });
        const part = text.slice(0, at % text.length);
        expect(parseProcCgroup(part).ok).toBe(part === '' || part.endsWith('\n'));
      }),
    );
  });

  test('parseProcCgroup() never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof parseProcCgroup(text).ok).toBe('boolean');
      }),
    );
  });
});
