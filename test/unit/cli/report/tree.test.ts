import { describe, expect, test } from '@jest/globals';
import { readCapture } from '../../../../src/cli/report/read-capture.js';
import { makeTreeData } from '../../../../src/cli/report/tree-data.js';
import {
  describeMatches,
  EVERYTHING,
  findMatches,
  searchTexts,
  UNUSUAL,
} from '../../../../src/cli/report/tree-filter.js';
import { hasChildren, makeNodes, visibleRows, withParents } from '../../../../src/cli/report/tree-nodes.js';
import { containerCapture, podCapture, processRow } from '../../builders.js';

const TREE = [
  processRow({ pid: 1, ppid: 0, comm: 'init', cgroup: '/a' }),
  processRow({
    pid: 2,
    ppid: 1,
    comm: 'web',
    cgroup: '/a',
    exe: '/usr/sbin/nginx',
    cmdline: ['nginx', '-g', 'daemon off;'],
  }),
  processRow({ pid: 3, ppid: 2, comm: 'worker', cgroup: '/a', state: 'Stopped', stopSignal: 'SIGTTIN' }),
  processRow({ pid: 4, ppid: 1, comm: 'cron', cgroup: '/a' }),
  processRow({
    pid: 5,
    ppid: 1,
    comm: 'logger',
    cgroup: '/b',
    uids: { real: 7, effective: 7, saved: 7, filesystem: 7 },
  }),
];
const CONTAINERS = [
  containerCapture({ name: 'a', cgroupPath: '/a' }),
  containerCapture({ name: 'b', cgroupPath: '/b' }),
];

function dataOf(tree: readonly unknown[], containers = CONTAINERS) {
  const capture = podCapture({ containers });
  const facts = readCapture({ ...capture, status: { ...capture.status, tree } }, undefined);
  return makeTreeData(facts.containers, facts.rows);
}

const data = dataOf(TREE);
const nodes = makeNodes(data);
const none = new Uint8Array(nodes.length);

describe('makeTreeData()', () => {
  test('orders by container and parent, and gives shared values once', () => {
    expect(data.groups).toEqual(['a', 'b']);
    expect(data.processes.map(({ pid, depth, group }) => [pid, depth, group])).toEqual([
      [1, 0, 0],
      [2, 1, 0],
      [3, 2, 0],
      [4, 1, 0],
      [5, 0, 1],
    ]);
    expect(data.profiles).toHaveLength(2);
    expect(data.processes[1]?.cmdline).toBe("nginx -g 'daemon off;'");
    expect(data.processes[2]?.stateText).toBe('stopped by SIGTTIN');
  });

  test('marks parents that form a loop and a pid that occurs twice, and keeps every row', () => {
    const damaged = dataOf([
      processRow({ pid: 8, ppid: 9, cgroup: '/a' }),
      processRow({ pid: 9, ppid: 8, cgroup: '/a' }),
      processRow({ pid: 9, ppid: 8, cgroup: '/a' }),
    ]);
    const details = damaged.processes.map(({ marks }) =>
      marks.map((mark) => damaged.marks[mark]?.detail).filter(Boolean),
    );
    expect(details).toEqual([['its parents form a loop'], [], ['pid 9 a second time']]);
  });

  test('puts what is in no container into a group of its own', () => {
    const { groups, processes, marks } = dataOf([processRow({ pid: 1, ppid: 0, cgroup: '/elsewhere' })]);
    expect(groups).toEqual(['a', 'b', 'in no known container']);
    expect(marks[processes[0]?.marks.at(-1) ?? -1]?.kind).toBe('foreign');
  });
});

describe('makeNodes()', () => {
  test('has a heading for each of several containers', () => {
    expect([...nodes.process]).toEqual([-1, 0, 1, 2, 3, -1, 4]);
    expect([...nodes.level]).toEqual([1, 2, 3, 4, 3, 1, 2]);
    expect([...nodes.parent]).toEqual([-1, 0, 1, 2, 1, -1, 5]);
    expect([...nodes.end]).toEqual([5, 5, 4, 4, 5, 7, 7]);
    expect(hasChildren(nodes, 2)).toBe(true);
    expect(hasChildren(nodes, 3)).toBe(false);
  });

  test('has none for a single container', () => {
    expect([...makeNodes(dataOf(TREE.slice(0, 2), CONTAINERS.slice(0, 1))).level]).toEqual([1, 2]);
  });
});

describe('visibleRows()', () => {
  test('has every row, with its place among its siblings', () => {
    const { nodes: rows, position, size } = visibleRows(nodes, none);
    expect([...rows]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...position]).toEqual([1, 1, 1, 1, 2, 2, 1]);
    expect([...size]).toEqual([2, 1, 2, 1, 2, 2, 1]);
  });

  test('leaves out what is below a folded row', () => {
    const folded = Uint8Array.from([0, 1, 0, 0, 0, 0, 0]);
    expect([...visibleRows(nodes, folded).nodes]).toEqual([0, 1, 5, 6]);
  });

  test('keeps the parents of what matches', () => {
    const kept = withParents(nodes, Uint8Array.from([0, 0, 1, 0, 0]));
    expect([...visibleRows(nodes, none, kept).nodes]).toEqual([0, 1, 2, 3]);
  });
});

describe('findMatches()', () => {
  const texts = searchTexts(data);
  const pids = (wanted: Partial<typeof EVERYTHING>) => {
    const matches = findMatches(data, texts, { ...EVERYTHING, ...wanted });
    return matches === undefined
      ? undefined
      : data.processes.filter((_, index) => matches[index] === 1).map(({ pid }) => pid);
  };

  test.each([
    [{}, undefined],
    [{ search: '  ' }, undefined],
    [{ search: 'NGINX' }, [2]],
    [{ search: 'daemon web' }, [2]],
    [{ search: 'daemon cron' }, []],
    [{ state: 'Stopped' }, [3]],
    [{ group: '1' }, [5]],
    [{ user: '7' }, [5]],
    [{ mark: UNUSUAL }, [3]],
    [{ mark: 'rootNote' }, [1, 2, 3, 4]],
    [{ mark: 'rootNote', search: 'cron' }, [4]],
  ])('with %j finds %j', (wanted, expected) => {
    expect(pids(wanted)).toEqual(expected);
  });
});

test.each([
  [undefined, 1, '1 process'],
  [undefined, 10_000, '10,000 processes'],
  [Uint8Array.from([0, 1]), 2, '1 of 2 processes matches'],
  [Uint8Array.from([1, 1]), 2, '2 of 2 processes match'],
  [Uint8Array.from([0, 0]), 2, 'None of 2 processes matches. Clear the filters to see all.'],
])('describeMatches(%j, %j) is %j', (matches, all, text) => {
  expect(describeMatches(matches, all)).toBe(text);
});
