import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PodCapture } from '../../../src/api/podcapture.js';
import { displayWidth } from '../../../src/cli/render-escape.js';
import { renderTree } from '../../../src/cli/render-tree.js';
import { condition, containerCapture, podCapture, processRow, threadRows, timings, unfrozenTask } from '../builders.js';

const www = { real: 33, effective: 33, saved: 33, filesystem: 33 };

const sample = podCapture({
  tree: [
    processRow({ pid: 4711, comm: 'supervisord', exe: '/usr/bin/python3.11' }),
    processRow({
      pid: 4712,
      ppid: 4711,
      comm: 'nginx',
      exe: '/usr/sbin/nginx',
      uids: www,
      threads: threadRows(
        4712,
        'nginx',
        Array.from({ length: 8 }, () => 'worker'),
      ),
    }),
    processRow({ pid: 4722, ppid: 4712, comm: 'vim', state: 'Stopped', stopSignal: 'SIGTTIN' }),
    processRow({ pid: 4723, ppid: 4712, comm: 'sleep', state: 'Zombie', uids: www }),
    processRow({ pid: 4724, ppid: 4711, comm: 'java', leaderDead: true }),
    processRow({ pid: 9001, ppid: 0, comm: 'sh', exe: '/bin/dash', cmdline: ['sh', '-i'] }),
  ],
  timings: timings({
    resolveMicroseconds: 412,
    cgroupFreezeMicroseconds: 1204,
    seizeMicroseconds: 2011,
    stopMicroseconds: 800,
    cgroupThawMicroseconds: 310,
    collectMicroseconds: 5120,
    releaseMicroseconds: 873,
    freezingMicroseconds: 9445,
    pauseMicroseconds: 10318,
  }),
});

const failed = podCapture({
  conditions: [
    condition({ status: 'False', reason: 'FreezeTimeout', message: 'dd (77) did not freeze within 10s' }),
    condition({ type: 'Released', reason: 'FreezersRestored' }),
  ],
  containers: [],
  tree: [],
  unfrozen: [
    unfrozenTask({ stack: ['io_schedule', 'folio_wait_bit_common'] }),
    unfrozenTask({ tid: 1234, comm: 'kworker/0:1', state: 'I', waitChannel: '', cause: 'KernelThread' }),
  ],
});

/** Arbitrary texts for comm and other fields. Many contain escape sequences. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('\u001b[31m', '\u001b]0;title\u0007', '\u009b2J', 'a\nb', '\u202e', '\ud800', '\\', '\u001b[0m'),
);

const captures: fc.Arbitrary<PodCapture> = fc
  .record({
    rows: fc.array(
      fc.record({
        pid: fc.nat(9),
        ppid: fc.nat(9),
        comm: hostile,
        exe: hostile,
        cmdline: fc.array(hostile),
        cgroup: hostile,
      }),
      { maxLength: 12 },
    ),
    paths: fc.array(hostile, { maxLength: 3 }),
    message: hostile,
    unfrozen: fc.array(hostile, { maxLength: 2 }),
  })
  .map(({ rows, paths, message, unfrozen }) =>
    podCapture({
      tree: rows.map((row) => processRow({ ...row, threads: threadRows(row.pid, row.comm, [row.exe, row.cgroup]) })),
      containers: paths.map((cgroupPath) => containerCapture({ cgroupPath, containerID: cgroupPath })),
      conditions: [condition({ message })],
      unfrozen: unfrozen.map((comm) => unfrozenTask({ comm, waitChannel: comm })),
    }),
  );

describe('renderTree()', () => {
  test('renderTree() counts the command lines that are cut or missing, and is silent where all are whole', () => {
    const [many, few, none] = [
      { cut: 1, unread: { Blocked: 2, OutOfTime: 10 } },
      { cut: 1, unread: {} },
      { cut: 0, unread: {} },
    ].map((counts) => renderTree(podCapture({ cmdlines: { whole: 7, ...counts } }), { color: false }));
    expect(many).toContain(`
COMMAND LINES WHOLE  CUT  NOT READ: Blocked  NOT READ: OutOfTime
                  7    1                  2                   10
`);
    expect(few).toContain('COMMAND LINES');
    expect(none).not.toContain('COMMAND LINES');
  });

  test('renderTree() draws the outcome, the forest, the phases and the counts', () => {
    expect(renderTree(sample, { color: false })).toBe(`\
✔ Captured
/sample  cgroup v2, freezer v2

 PID  THREADS  UID  PROCESS
4711        1    0  supervisord  /usr/bin/python3.11
4712        9   33  ├─ nginx  {worker ×8}  /usr/sbin/nginx
4722        1    0  │  ├─ vim  stopped by SIGTTIN
4723        0   33  │  └─ sleep  zombie
4724        1    0  └─ java  leader dead
9001        1    0  sh  /bin/dash  sh -i

PHASE              TIME
resolve           412µs  finding the cgroups and who is in them; all run
cgroup freeze   1.204ms  first freezer write until frozen in fact
seize           2.011ms  ptrace takes every thread
cgroup thaw       310µs  the freezer opens, and is seen to be open
stop              800µs  until each task stands in its ptrace stop
collect         5.120ms  reading what only the pause can tell
release           873µs  letting every task go
freezing        9.445ms  sum: first touch until the tree was read
pause          10.318ms  sum: first touch until the last task was let go

PROCESSES  THREADS  STOPPED  ZOMBIES  JOINED  UNFROZEN
        6       13        1        1       0         0
`);
  });

  test('renderTree() says when the tree is cut, and where the whole is', () => {
    const command = 'kubectl exec pod -- stasis artifact 0f8fad5b';
    const artifact = { path: '/x', sizeBytes: 1, sha256: 'a'.repeat(64), command };
    const cut = podCapture({ tree: [processRow({ pid: 1 })], processes: 181, truncated: true, artifact });
    expect(renderTree(cut, { color: false, width: 40 })).toContain(
      `\n1 of 181 processes are shown. The artif…\n${command}\n`,
    );
    expect(renderTree(cut, { color: false })).toContain(
      '1 of 181 processes are shown. The artifact has the whole tree:\n',
    );
    expect(renderTree(sample, { color: false })).not.toContain('are shown');
  });

  test('renderTree() puts the reason of a failure first, and names every task that did not freeze', () => {
    expect(renderTree(failed, { color: false })).toBe(`\
✘ FreezeTimeout: dd (77) did not freeze within 10s

PROCESSES  THREADS  STOPPED  ZOMBIES  JOINED  UNFROZEN
        0        0        0        0       0         2

 TID  UNFROZEN TASK  STATE  CAUSE            WAIT CHANNEL           KERNEL STACK
  77  dd             D      Uninterruptible  folio_wait_bit_common  io_schedule ← folio_wait_bit_common
1234  kworker/0:1    I      KernelThread     -                      -
`);
  });

  test('renderTree() shows a freezer that could not be restored', () => {
    const thawed = condition({ type: 'Released', status: 'False', reason: 'FreezerNotRestored', message: 'EIO' });
    const text = renderTree(podCapture({ conditions: [condition(), thawed] }), { color: false });
    expect(text).toContain('✔ Captured\n✘ FreezerNotRestored: EIO\n');
  });

  test("renderTree() shows a container's name in the pod where it is known", () => {
    const containers = [
      containerCapture({ name: 'server', containerID: 'abc', cgroupPath: '/pod/abc' }),
      containerCapture({ name: 'helper', containerID: 'def', cgroupPath: '/pod/def' }),
    ];
    const text = renderTree(podCapture({ containers, tree: [processRow({ pid: 1, cgroup: '/pod/abc' })] }), {
      color: false,
    });
    expect(text).toContain('container server  cgroup v2, freezer v2  1 process, 1 thread\n');
    expect(text).not.toContain('abc');
  });

  test('renderTree() gives each of several containers a heading, and loses no process', () => {
    const containers = [
      containerCapture({ containerID: 'abc', cgroupPath: '/pod/abc', cgroupVersion: 'V1', freezer: 'None' }),
      containerCapture({ containerID: 'def', cgroupPath: '/pod/def', wasFrozen: true, processes: 2, threads: 2 }),
    ];
    const tree = [
      processRow({ pid: 1, comm: 'one', cgroup: '/pod/abc' }),
      processRow({ pid: 2, comm: 'two', cgroup: '/pod/def/nested' }),
      processRow({ pid: 3, ppid: 2, comm: 'three', cgroup: '/pod/def' }),
      processRow({ pid: 4, ppid: 1, comm: 'four', cgroup: '/pod/abcdef' }),
    ];
    expect(renderTree(podCapture({ containers, tree }), { color: false })).toContain(`\
PID  THREADS  UID  PROCESS
container abc  /pod/abc  cgroup v1, without freezer  1 process, 1 thread
  1        1    0  one

container def  /pod/def  cgroup v2, freezer v2  found frozen, left frozen  2 processes, 2 threads
  2        1    0  two
  3        1    0  └─ three

in none of these cgroups
  4        1    0  four
`);
  });

  test('renderTree() reports by how much a pause overran its budget', () => {
    const text = renderTree(podCapture({ overrunMicroseconds: 1500 }), { color: false });
    expect(text).toMatch(/^overrun {2}1\.500ms {2}of the pause beyond its budget/m);
  });

  test('renderTree() shows distributions instead of phases for repeated captures', () => {
    const figures = { min: 1, median: 2, p99: 3, max: 4 };
    const none = { min: 0, median: 0, p99: 0, max: 0 };
    const summary = {
      resolveMicroseconds: none,
      cgroupFreezeMicroseconds: none,
      seizeMicroseconds: none,
      cgroupThawMicroseconds: none,
      stopMicroseconds: none,
      collectMicroseconds: none,
      holdMicroseconds: none,
      releaseMicroseconds: none,
      freezingMicroseconds: none,
      pauseMicroseconds: figures,
    };
    const text = renderTree(podCapture({ timings: timings({ pauseMicroseconds: 1 }), summary }), { color: false });
    expect(text).toContain('0 RUNS  MIN  MEDIAN  P99  MAX\npause   1µs     2µs  3µs  4µs\n');
    expect(text).not.toContain('PHASE');
  });

  test('renderTree() cuts lines to the width, except the reason', () => {
    const message = 'because '.repeat(20);
    const wide = podCapture({
      ...sample.status,
      conditions: [condition({ status: 'False', reason: 'HostUnfit', message })],
    });
    const [first, ...lines] = renderTree(wide, { color: true, width: 50 }).split('\n');
    expect(first).toContain(message);
    expect(lines).toContain(
      '4712        9   33  \u001b[2m├─ \u001b[0m\u001b[1mnginx\u001b[0m  {worker ×8}  \u001b[2m/usr/s…\u001b[0m',
    );
    for (const line of lines) expect(displayWidth(withoutColor(line))).toBeLessThanOrEqual(50);
  });

  test('renderTree() adds only colour codes when colour is on', () => {
    expect(renderTree(failed, { color: true })).toContain('\u001b[1;31m✘ FreezeTimeout\u001b[0m');
    expect(withoutColor(renderTree(sample, { color: true }))).toBe(renderTree(sample, { color: false }));
  });

  test('renderTree() emits no control characters except newlines and its own colours, whatever the names of processes', () => {
    fc.assert(
      fc.property(captures, fc.boolean(), fc.option(fc.nat(120), { nil: undefined }), (capture, color, width) => {
        const text = renderTree(capture, width === undefined ? { color } : { color, width });
        const rest = color ? withoutColor(text) : text;
        expect(rest.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(text.endsWith('\n')).toBe(true);
      }),
    );
  });

  test('renderTree() draws every row exactly once, for any forest', () => {
    const pid = fc.integer({ min: 1, max: 20 });
    const tree = fc.uniqueArray(fc.record({ pid, ppid: pid, cgroup: fc.constantFrom('/a', '/b/c', '/d') }), {
      selector: (row) => row.pid,
    });
    const containers = [containerCapture({ cgroupPath: '/a' }), containerCapture({ cgroupPath: '/b' })];
    fc.assert(
      fc.property(tree, fc.integer({ min: 0, max: 2 }), (rows, count) => {
        const named = rows.map((row) => processRow({ ...row, comm: `task-${row.pid}.` }));
        const text = renderTree(podCapture({ tree: named, containers: containers.slice(0, count) }), { color: false });
        for (const { comm } of named) expect(text.split(comm)).toHaveLength(2);
      }),
    );
  });

  test('renderTree() draws a chain of 10,000 processes with 10,000 threads in well under a second', () => {
    const tree = Array.from({ length: 10_000 }, (_, index) =>
      processRow({ pid: index + 1, ppid: index, comm: 'fork' }),
    );
    const many = processRow({
      pid: 20_000,
      threads: threadRows(
        20_000,
        'many',
        Array.from({ length: 10_000 }, (_, index) => `t${index}`),
      ),
    });
    const start = performance.now();
    const text = renderTree(podCapture({ tree: [...tree, many] }), { color: true, width: 100 });
    // Rendering takes about 0.2 s. With quadratic output the lines alone would have 150 million characters.
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(text.split('\n').length).toBeGreaterThan(10_000);
    expect(text).toContain('{t0} {t1} {t2} {t3} {+9996 more}');
  });
});

function withoutColor(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the codes
  return text.replaceAll(/\u001b\[(?:0|1|2|32|33|1;31)m/g, '');
}
