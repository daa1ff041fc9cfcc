import { describe, expect, test } from '@jest/globals';
import { EPERM } from '../../../src/native/errno.js';
import { seize, type Running, type Stopped } from '../../../src/native/tracee.js';
import { FakeHost } from '../../fake/host.js';
import { createFakeKernel, type FakeKernel } from '../../fake/kernel.js';

interface Seized {
  readonly host: FakeHost;
  readonly kernel: FakeKernel;
  readonly pid: number;
  readonly tracee: Running;
}

function seized(stopSignal?: number): Seized {
  const host = new FakeHost();
  const kernel = createFakeKernel(host);
  const pid = host.addProcess(stopSignal === undefined ? {} : { stopSignal });
  const tracee = seize(kernel.ptrace, pid, 0);
  if (typeof tracee === 'number') throw new Error(`seize answered ${tracee}`);
  return { host, kernel, pid, tracee };
}

function stopped({ kernel, tracee }: Seized): Stopped {
  tracee.interrupt();
  kernel.sleep(1000);
  const next = tracee.look();
  if (next.state !== 'stopped') throw new Error(`it is ${next.state}`);
  return next;
}

const lastDetach = ({ kernel }: Seized): unknown => kernel.script.log.findLast((call) => call.name === 'detach')?.args;

test('seize() returns the -errno of the kernel', () => {
  const { kernel, host } = seized();
  expect(seize(kernel.ptrace, host.state.options.agentPid, 0)).toBe(-EPERM);
});

describe('Running', () => {
  test('look() returns the same object while nothing is new', () => {
    const { tracee } = seized();
    expect(tracee.look()).toBe(tracee);
  });

  test('look() reaps the dead', () => {
    const { host, pid, tracee } = seized();
    host.kill(pid);
    expect(tracee.look().state).toBe('gone');
    expect(host.exists(pid)).toBe(false);
  });

  test('look() and interrupt() refuse once it has become Stopped', () => {
    const scene = seized();
    stopped(scene);
    expect(() => scene.tracee.look()).toThrow('used after it changed its state');
    expect(() => scene.tracee.interrupt()).toThrow('used after it changed its state');
  });
});

describe('Stopped', () => {
  test('detach() from an interrupt passes no signal, and spends it', () => {
    const scene = seized();
    const tracee = stopped(scene);
    expect(tracee.detach()).toBe('detached');
    expect(lastDetach(scene)).toEqual([scene.pid, 0]);
    expect(() => tracee.detach()).toThrow('used after it changed its state');
  });

  test('detach() from a signal-delivery-stop passes the signal on', () => {
    const scene = seized();
    scene.host.signal(scene.pid, 10);
    const tracee = stopped(scene);
    expect(tracee.detach()).toBe('detached');
    expect(lastDetach(scene)).toEqual([scene.pid, 10]);
    expect(scene.host.task(scene.pid).delivered).toEqual([10]);
  });

  test('detach() from a job-control stop passes none, and the process stays stopped', () => {
    const scene = seized(19);
    const tracee = scene.tracee.look() as Stopped;
    expect(tracee.stop).toEqual({ kind: 'jobControl', signal: 19 });
    expect(tracee.detach()).toBe('detached');
    expect(lastDetach(scene)).toEqual([scene.pid, 0]);
    expect(scene.host.task(scene.pid).stopSignal).toBe(19);
  });

  test('detach() of one that was killed reaps it', () => {
    const scene = seized();
    const tracee = stopped(scene);
    scene.host.kill(scene.pid);
    expect(tracee.detach()).toBe('gone');
    expect(scene.host.exists(scene.pid)).toBe(false);
  });

  test('look() returns the same object while it stays, and Gone once it is killed', () => {
    const scene = seized();
    const tracee = stopped(scene);
    expect(tracee.look()).toBe(tracee);
    scene.host.kill(scene.pid);
    expect(tracee.look().state).toBe('gone');
  });
});
