import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderTree } from '../../../src/cli/render-tree.js';
import { matcher, selectRows } from '../../../src/cli/tree-selection.js';
import { containerCapture, podCapture, processRow, threadRow, threadRows } from '../builders.js';

const www = { real: 33, effective: 33, saved: 33, filesystem: 33 };

const tree = [
  processRow({ pid: 10, comm: 'supervisord', exe: '/usr/bin/python3' }),
  processRow({ pid: 11, ppid: 10, comm: 'nginx', uids: www, exe: '/usr/sbin/nginx' }),
  processRow({
    pid: 12,
    ppid: 11,
    comm: 'nginx',
    uids: www,
    threads: [
      ...threadRows(12, 'nginx', ['worker']),
      threadRow({ tid: 14, comm: 'odd', state: 'Stopped', uids: www, seccomp: 'Strict', noNewPrivileges: true }),
    ],
  }),
  processRow({ pid: 20, ppid: 12, comm: 'cat', cmdline: ['cat', '/etc/Hosts'] }),
  processRow({ pid: 21, ppid: 10, comm: 'sleep' }),
];

/** The part of the drawing that is the tree. */
function drawn(view: Parameters<typeof renderTree>[2], status: Parameters<typeof podCapture>[0] = {}): string {
  const text = renderTree(podCapture({ tree, ...status }), { color: false }, view);
  return text.slice(text.indexOf('PID  THREADS'), text.indexOf('\nPROCESSES'));
}

describe('a tree', () => {
  test('with a filter has what matches, its ancestors in parentheses, and the number of matches', () => {
    expect(drawn({ filter: 'hosts' })).toBe(`\
PID  THREADS  UID  PROCESS
 10        1    0  (supervisord)
 11        1   33  └─ (nginx)
 12        3   33     └─ (nginx)
 20        1    0        └─ cat  cat /etc/Hosts

1 of 5 processes matches "hosts"; (in parentheses): their ancestors
`);
    expect(drawn({ filter: '10' })).toContain('1 of 5 processes matches "10"\n');
    expect(drawn({ filter: '33' })).toContain('2 of 5 processes match "33"; (in parentheses): their ancestors\n');
  });

  test('with a depth says how many processes are below', () => {
    expect(drawn({ depth: 2 })).toBe(`\
PID  THREADS  UID  PROCESS
 10        1    0  supervisord  /usr/bin/python3
 11        1   33  ├─ nginx  /usr/sbin/nginx  (+2 below)
 21        1    0  └─ sleep

2 processes are below --depth 2 and not shown
`);
    expect(drawn({ depth: 4 })).not.toContain('below');
  });

  test('with threads has a line for each, with what differs from the process', () => {
    expect(drawn({ threads: true })).toBe(
      `\
PID  THREADS  UID  PROCESS
 10        1    0  supervisord  /usr/bin/python3
 11        1   33  ├─ nginx  /usr/sbin/nginx
 12        3   33  │  └─ nginx  credentials of its own in 1 thread  {worker} {odd}
 13                │     │  {worker}
 14            33  │     │  {odd}  stopped  no_new_privs  seccomp strict
 20        1    0  │     └─ cat  cat /etc/Hosts
 21        1    0  └─ sleep
`,
    );
  });

  test('with a filter leaves containers out that have no match', () => {
    const containers = [
      containerCapture({ name: 'web', cgroupPath: '/a' }),
      containerCapture({ name: 'db', cgroupPath: '/b' }),
    ];
    const rows = [processRow({ pid: 1, comm: 'web', cgroup: '/a' }), processRow({ pid: 2, comm: 'sql', cgroup: '/b' })];
    const text = drawn({ filter: 'sql' }, { tree: rows, containers });
    expect(text).toContain('container db');
    expect(text).not.toContain('container web');
  });

  test('that is cut says that only a part was searched, and how to get the whole', () => {
    const artifact = { path: '/x', sizeBytes: 1, sha256: 'a'.repeat(64), command: 'kubectl exec pod' };
    const cut = { truncated: true, processes: 181, artifact };
    const whole = 'kubectl stasis export web-0-x7k2p -n shop -o DIR';
    expect(drawn({ filter: 'nginx', whole }, cut)).toContain(
      `\nThe status has only 5 of 181 processes. Only this part was searched. To get the whole tree:\n${whole}\n`,
    );
    expect(drawn({ whole }, cut)).toContain(
      `\nThe status has only 5 of 181 processes. To get the whole tree:\n${whole}\n`,
    );
    expect(drawn({ whole }, { ...cut, processes: 5 })).toContain('The status has every process, and not every thread');
    expect(drawn({ whole })).not.toContain('export');
  });
});

describe('selectRows()', () => {
  const rows = fc.array(
    fc.record({ pid: fc.nat(9), ppid: fc.nat(9), comm: fc.constantFrom('a', 'b') }).map((row) => processRow(row)),
    { maxLength: 12 },
  );

  test('shows or counts every process once, and every match', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 4 }), (all, depth) => {
        const shown = selectRows(all, 32, { depth });
        expect(shown.length + shown.reduce((sum, { hidden }) => sum + hidden, 0)).toBe(all.length);
        const found = selectRows(all, 32, { filter: 'a' });
        expect(found.filter(({ matches }) => matches).length).toBe(all.filter(matcher('a')).length);
      }),
    );
  });
});
