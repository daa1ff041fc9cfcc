import { describe, expect, test } from '@jest/globals';
import { ECHILD, EPERM, ESRCH } from '../../src/native/errno.js';
import { TRACE_EXEC } from '../../src/native/kernel.js';
import { decodeWait, PTRACE_EVENT_EXEC } from '../../src/native/wait-status.js';
import { freezerContract, kernelContract } from '../contract/kernel-contract.js';
import { textOf, writeTo } from '../contract/world.js';
import { FakeHost } from '../fake/host.js';
import { createFakeKernel, type FakeKernel } from '../fake/kernel.js';
import type { ProcessSpec } from '../fake/tasks.js';
import { fakeWorld } from '../fake/world.js';

kernelContract('fake kernel', fakeWorld);
describe('fake kernel, freezer v1', () => {
  freezerContract('v1', fakeWorld);
});
describe('fake kernel, freezer v2', () => {
  freezerContract('v2', fakeWorld);
});

const STATE = '/sys/fs/cgroup/freezer/pod/freezer.state';
const FREEZE = '/sys/fs/cgroup/unified/pod/cgroup.freeze';
const EVENTS = '/sys/fs/cgroup/unified/pod/cgroup.events';

/** A host with one process in the cgroup /pod of both hierarchies. */
function hostWith(spec: ProcessSpec = {}): { host: FakeHost; kernel: FakeKernel; pid: number } {
  const host = new FakeHost();
  const kernel = createFakeKernel(host);
  return { host, kernel, pid: host.addProcess({ v1: '/pod', v2: '/pod', ...spec }) };
}

function stateAfter(kernel: FakeKernel, microseconds: number): string {
  kernel.sleep(microseconds);
  return textOf(kernel, STATE).trim();
}

/** A stopped process in a v1 cgroup that the agent has frozen. */
function frozenAndStopped(): ReturnType<typeof hostWith> {
  const made = hostWith({ stopSignal: 19 });
  writeTo(made.kernel, STATE, 'FROZEN');
  made.kernel.sleep(1000);
  return made;
}

describe('freezing knobs', () => {
  test('freezing takes the time of the cgroup and the task', () => {
    const { host, kernel } = hostWith({ freezeMicroseconds: 1000 });
    host.cgroup('v1', '/pod').freezeMicroseconds = 500;
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 1400)).toBe('FREEZING');
    expect(stateAfter(kernel, 200)).toBe('FROZEN');
  });

  test('a task in an uninterruptible wait keeps the cgroup in FREEZING until it is woken', () => {
    const { host, kernel, pid } = hostWith({ activity: 'uninterruptible' });
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 1_000_000)).toBe('FREEZING');
    host.setActivity(pid, 'sleeping');
    expect(stateAfter(kernel, 1000)).toBe('FROZEN');
  });

  test('a kernel thread keeps a v2 cgroup from freezing, but not a v1 cgroup', () => {
    const { kernel } = hostWith({ kthread: true });
    writeTo(kernel, STATE, 'FROZEN');
    writeTo(kernel, FREEZE, '1');
    expect(stateAfter(kernel, 1000)).toBe('FROZEN');
    expect(textOf(kernel, EVENTS)).toBe('populated 1\nfrozen 0\n');
  });

  test('a task can stick until FROZEN has been written twice more', () => {
    const { kernel } = hostWith({ sticking: { rewrites: 2 } });
    writeTo(kernel, STATE, 'FROZEN');
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 10_000)).toBe('FREEZING');
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 1000)).toBe('FROZEN');
  });

  test('a task can stick until the cgroup has been thawed and frozen again', () => {
    const { kernel } = hostWith({ sticking: { refreezes: 1 } });
    writeTo(kernel, STATE, 'FROZEN');
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 10_000)).toBe('FREEZING');
    writeTo(kernel, STATE, 'THAWED');
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 1000)).toBe('FROZEN');
  });

  test('a notification that follows another within 10 ms is late', () => {
    const { kernel } = hostWith();
    const fd = kernel.files.open(EVENTS, 'read');
    const read = (): number => kernel.files.pread(fd, new Uint8Array(64), 0);
    read();
    kernel.sleep(20_000);
    writeTo(kernel, FREEZE, '1');
    expect(kernel.files.pollEvent(fd, 1000)).toBe(1);
    read();
    writeTo(kernel, FREEZE, '0');
    expect(kernel.files.pollEvent(fd, 1000)).toBe(0);
    expect(kernel.files.pollEvent(fd, 10_000)).toBe(1);
  });

  test('a task that is moved into a frozen cgroup freezes', () => {
    const { host, kernel } = hostWith();
    const late = host.addProcess();
    writeTo(kernel, STATE, 'FROZEN');
    expect(stateAfter(kernel, 1000)).toBe('FROZEN');
    host.move(late, 'v1', '/pod');
    expect(stateAfter(kernel, 0)).toBe('FREEZING');
    expect(stateAfter(kernel, 1000)).toBe('FROZEN');
  });
});

describe('a blocked SEIZE', () => {
  test('seize() of a stopped task in a FROZEN v1 cgroup returns once another thread thaws the cgroup', () => {
    const { host, kernel, pid } = frozenAndStopped();
    const blocks: unknown[] = [];
    kernel.onBlockedSeize = (tid, block) => {
      blocks.push([tid, block]);
      host.advance(5000);
      writeTo(kernel, STATE, 'THAWED');
    };
    expect(kernel.ptrace.seize(pid, 0)).toBe(0);
    expect(blocks).toEqual([[pid, 'FrozenJobControlStop']]);
    expect(decodeWait(kernel.ptrace.peek(pid))).toEqual({ kind: 'jobControl', signal: 19 });
  });

  test('seize() that nobody ends throws instead of hanging', () => {
    const { kernel, pid } = frozenAndStopped();
    expect(() => kernel.ptrace.seize(pid, 0)).toThrow('would block for ever');
  });

  test('seize() of a task in execve returns once its dead sibling is reaped', () => {
    const { host, kernel, pid } = hostWith({ threads: 1 });
    const sibling = pid + 1;
    kernel.ptrace.seize(sibling, 0);
    host.exec(pid);
    kernel.onBlockedSeize = () => void kernel.ptrace.reap(sibling);
    expect(kernel.ptrace.seize(pid, 0)).toBe(0);
    expect(host.exists(sibling)).toBe(false);
  });
});

describe('exec', () => {
  test('a thread that execs takes over the PID of its process, and PTRACE_EVENT_EXEC reports its former TID', () => {
    const { host, kernel, pid } = hostWith({ threads: 1 });
    const thread = pid + 1;
    kernel.ptrace.seize(thread, TRACE_EXEC);
    expect(host.exec(thread)).toBe(true);
    expect(host.exists(thread)).toBe(false);
    expect(kernel.ptrace.peek(thread)).toBe(-ECHILD);
    expect(decodeWait(kernel.ptrace.peek(pid))).toEqual({ kind: 'event', event: PTRACE_EVENT_EXEC });
    expect(kernel.ptrace.eventMessage(pid)).toBe(thread);
    expect(kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(host.runs(pid)).toBe(true);
  });
});

describe('script', () => {
  test('at() acts right before the nth call of a name, once', () => {
    const { host, kernel } = hostWith();
    const pids = [host.addProcess(), host.addProcess(), host.addProcess()];
    kernel.script.at({ name: 'seize', nth: 2 }, () => host.kill(pids[1] ?? 0));
    expect(pids.map((pid) => kernel.ptrace.seize(pid, 0))).toEqual([0, -ESRCH, 0]);
  });

  test('at() accepts a predicate on the call and its arguments', () => {
    const { host, kernel } = hostWith();
    const late = host.addProcess();
    kernel.script.at(
      ({ name, args }) => name === 'write' && args[1] === '1',
      () => host.move(late, 'v2', '/pod'),
    );
    writeTo(kernel, FREEZE, '1');
    expect(textOf(kernel, '/sys/fs/cgroup/unified/pod/cgroup.threads')).toContain(`${late}\n`);
  });

  test('fail() makes the nth such call do nothing and return the errno', () => {
    const { kernel, pid } = hostWith();
    kernel.script.fail('seize', 2, EPERM);
    expect(kernel.ptrace.seize(pid, 0)).toBe(0);
    kernel.ptrace.interrupt(pid);
    kernel.sleep(1000);
    kernel.ptrace.detach(pid, 0);
    expect(kernel.ptrace.seize(pid, 0)).toBe(-EPERM);
    expect(kernel.ptrace.seize(pid, 0)).toBe(0);
  });

  test('the log has every call with its arguments, result and time', () => {
    const { kernel, pid } = hostWith();
    const start = kernel.now();
    kernel.ptrace.seize(pid, 2);
    kernel.ptrace.detach(pid, 0);
    expect(kernel.script.log).toEqual([
      { number: 1, name: 'seize', nth: 1, args: [pid, 2], result: 0, at: start },
      { number: 2, name: 'detach', nth: 1, args: [pid, 0], result: -ESRCH, at: start + 3 },
    ]);
  });
});

describe('audit() and endTracingThread()', () => {
  test('audit() finds cgroups that the agent froze, but not those of somebody else', () => {
    const { host, kernel } = hostWith();
    host.freeze('v2', '/pod');
    expect(host.audit()).toEqual([]);
    writeTo(kernel, STATE, 'FROZEN');
    expect(host.audit()).toEqual([{ kind: 'frozenByAgent', path: 'v1:/pod' }]);
    writeTo(kernel, STATE, 'THAWED');
    expect(host.audit()).toEqual([]);
  });

  test('audit() finds a cgroup of somebody else that the agent thawed', () => {
    const { host, kernel } = hostWith();
    host.freeze('v2', '/pod');
    writeTo(kernel, FREEZE, '0');
    expect(host.audit()).toEqual([{ kind: 'thawedForeign', path: 'v2:/pod' }]);
  });

  test('audit() finds tracees, and a signal that a detach threw away', () => {
    const { host, kernel, pid } = hostWith();
    kernel.ptrace.seize(pid, 0);
    host.signal(pid, 10);
    kernel.sleep(1000);
    expect(host.audit()).toEqual([{ kind: 'traced', tid: pid }]);
    kernel.ptrace.detach(pid, 0);
    expect(host.audit()).toEqual([{ kind: 'signalLost', tid: pid, signal: 10 }]);
  });

  test('endTracingThread() releases every tracee, and loses no signal that was peeked at', () => {
    const { host, kernel, pid } = hostWith({ threads: 1 });
    kernel.ptrace.seize(pid, 0);
    kernel.ptrace.seize(pid + 1, 0);
    host.signal(pid, 10);
    kernel.ptrace.peek(pid);
    kernel.endTracingThread();
    expect(host.audit()).toEqual([]);
    expect(host.task(pid).delivered).toEqual([10]);
    expect(host.runs(pid) && host.runs(pid + 1)).toBe(true);
    expect(kernel.ptrace.peek(pid)).toBe(-ECHILD);
  });
});
