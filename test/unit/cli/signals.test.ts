import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { endOnSignal, ignoreSignals, signalsIn, type SignalSource } from '../../../src/cli/signals.js';
import { suspendWhenFree } from '../../../src/cli/suspension.js';

const NONE: ReadonlySet<NodeJS.Signals> = new Set();

/** A process whose signals are events. Without a listener, SIGTSTP stops the process, and `onStop` is called. */
function fakeProcess(onStop: () => void = () => undefined): SignalSource & EventEmitter {
  const emitter = new EventEmitter();
  const kill = (_pid: number, signal?: string | number): true => {
    if (!emitter.emit(String(signal))) onStop();
    return true;
  };
  return Object.assign(emitter, { pid: 7, kill }) as unknown as SignalSource & EventEmitter;
}

describe('signalsIn()', () => {
  test('signalsIn() reads the mask of /proc/PID/status', () => {
    expect([...signalsIn('0000000000000001')]).toEqual(['SIGHUP']);
    // The mask of nohup in the background of a script (signals 1, 2 and 3), with SIGPIPE, which is not ignorable.
    expect([...signalsIn('0000000000001007')].sort()).toEqual(['SIGHUP', 'SIGINT', 'SIGQUIT']);
    expect([...signalsIn('0000000000084000')]).toEqual(['SIGTERM', 'SIGTSTP']);
    for (const odd of [undefined, '', '0', 'x', '-1']) expect([...signalsIn(odd)]).toEqual([]);
  });
});

describe('endOnSignal()', () => {
  test('endOnSignal() aborts at each signal that asks for the end, until it is restored', () => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
      const source = fakeProcess();
      const ending = endOnSignal(source, NONE);
      expect([source.emit(name), ending.signal.aborted]).toEqual([true, true]);
      ending.restore();
      expect(source.emit(name)).toBe(false);
    }
  });

  test('endOnSignal() leaves alone what was ignored, and ignoreSignals() keeps it and SIGUSR1 ignored', () => {
    const source = fakeProcess();
    const ignored = signalsIn('0000000000000001');
    ignoreSignals(source, ignored);
    const ending = endOnSignal(source, ignored);
    ending.restore();
    expect([source.emit('SIGHUP'), source.emit('SIGUSR1'), ending.signal.aborted]).toEqual([true, true, false]);
  });
});

describe('suspendWhenFree()', () => {
  const never = new AbortController().signal;

  test('suspendWhenFree() ends a hold, tells so, stops, and goes on when it is continued', async () => {
    const story: string[] = [];
    const source = fakeProcess(() => {
      story.push('stopped');
      setImmediate(() => source.emit('SIGCONT'));
    });
    const suspension = suspendWhenFree(source, NONE, async (message) => void story.push(message));
    await suspension.take();
    await suspension.during(never, async (signal, onHold) => {
      onHold();
      source.emit('SIGTSTP');
      expect(signal.aborted).toBe(true);
      await Promise.resolve(story.push('released'));
    });
    await suspension.take();
    expect(story).toEqual(['released', expect.stringContaining('SIGTSTP'), 'stopped']);
    expect(source.listenerCount('SIGTSTP')).toBe(1);
    expect(source.listenerCount('SIGCONT')).toBe(0);
  });

  test('suspendWhenFree() does not cancel what comes before a hold, and ends the hold as it begins', async () => {
    const source = fakeProcess(() => setImmediate(() => source.emit('SIGCONT')));
    const suspension = suspendWhenFree(source, NONE, async () => undefined);
    await suspension.during(never, async (signal, onHold) => {
      source.emit('SIGTSTP');
      expect(signal.aborted).toBe(false);
      onHold();
      await Promise.resolve(expect(signal.aborted).toBe(true));
    });
    await suspension.take();
    const again = await suspension.during(never, async (signal, onHold) => {
      onHold();
      return await Promise.resolve(signal.aborted);
    });
    expect(again).toBe(false);
  });

  test('suspendWhenFree() says nothing of a hold where there was none, and hands on the signal of the caller', async () => {
    const told: string[] = [];
    const source = fakeProcess(() => setImmediate(() => source.emit('SIGCONT')));
    const suspension = suspendWhenFree(source, NONE, async (message) => void told.push(message));
    source.emit('SIGTSTP');
    await suspension.take();
    expect(told).toEqual([]);
    const user = new AbortController();
    await suspension.during(user.signal, async (signal) => {
      user.abort();
      await Promise.resolve(expect(signal.aborted).toBe(true));
    });
    suspension.restore();
    expect(source.emit('SIGTSTP')).toBe(false);
  });

  test('suspendWhenFree() goes on where the kernel does not stop it, and takes over nothing that is ignored', async () => {
    let stops = 0;
    const source = fakeProcess(() => (stops += 1));
    const suspension = suspendWhenFree(source, NONE, async () => undefined);
    source.emit('SIGTSTP');
    await suspension.take();
    expect([stops, source.listenerCount('SIGCONT')]).toEqual([1, 0]);
    const deaf = fakeProcess();
    suspendWhenFree(deaf, signalsIn('0000000000080000'), async () => undefined);
    expect(deaf.emit('SIGTSTP')).toBe(false);
  });
});
