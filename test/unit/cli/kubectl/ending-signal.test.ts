import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { endingSignals } from '../../../../src/cli/kubectl/ending-signal.js';
import type { SignalSource } from '../../../../src/cli/signals.js';

const NAMES = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGIO',
  'SIGPWR',
];

function source(): { readonly process: EventEmitter; readonly signals: ReturnType<typeof endingSignals> } {
  const process = new EventEmitter();
  return { process, signals: endingSignals(process as unknown as SignalSource) };
}

describe('endingSignals()', () => {
  test.each(NAMES)('%s aborts, with its name; a second signal has its own effect', (name) => {
    const { process, signals } = source();
    expect(process.emit(name)).toBe(true);
    expect([signals.signal.aborted, signals.signal.reason]).toEqual([true, name]);
    // Nobody listens: the signal would end the process.
    for (const each of NAMES) expect(process.emit(each)).toBe(false);
  });

  test('diverted signals are told as often as they come, and abort nothing', () => {
    const { process, signals } = source();
    const told: string[] = [];
    const restore = signals.divert((name) => told.push(name));
    for (const name of ['SIGINT', 'SIGINT', 'SIGTERM']) process.emit(name);
    expect(told).toEqual(['SIGINT', 'SIGINT', 'SIGTERM']);
    expect(signals.signal.aborted).toBe(false);
    restore();
    process.emit('SIGHUP');
    expect([told.length, signals.signal.reason]).toEqual([3, 'SIGHUP']);
  });

  test('after an abort, diverted signals are told as well, and have their own effect afterwards', () => {
    const { process, signals } = source();
    process.emit('SIGINT');
    const told: string[] = [];
    const restore = signals.divert((name) => told.push(name));
    process.emit('SIGINT');
    restore();
    expect([told, process.emit('SIGINT')]).toEqual([['SIGINT'], false]);
  });

  test('SIGUSR1 does nothing: Node would open its debugger', () => {
    const { process, signals } = source();
    expect([process.emit('SIGUSR1'), signals.signal.aborted]).toEqual([true, false]);
  });

  test('raise() tells the listener, and says that nobody listens', () => {
    const { signals } = source();
    expect([signals.raise('SIGTERM'), signals.signal.aborted]).toEqual([false, false]);
    const told: string[] = [];
    const restore = signals.divert((name) => told.push(name));
    expect([signals.raise('SIGTERM'), told]).toEqual([true, ['SIGTERM']]);
    restore();
    restore();
    expect(signals.raise('SIGTERM')).toBe(false);
  });
});
