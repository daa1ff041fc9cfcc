import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PHASES } from '../../../../src/api/podcapture.js';
import {
  ORDER_CANCEL,
  ORDER_REOPEN,
  ORDER_TIMEOUT,
  ORDER_UNGUARDED,
  type BoardView,
} from '../../../../src/node-agent/capture/board.js';
import {
  stepWatch,
  WATCH_START,
  type Watch,
  type WatchEffect,
  type WatchEvent,
} from '../../../../src/node-agent/tracer/watchdog.js';

const LIMITS = { timeoutMicroseconds: 100_000, holdMicroseconds: 50_000 };
const IDLE: BoardView = { phase: 'seize', progress: 2, writer: false, closed: 0 };

function tick(now: number, view: Partial<BoardView> = {}): WatchEvent {
  return { kind: 'tick', now, view: { ...IDLE, ...view } };
}

/** The last state, and what each event led to. */
function play(events: readonly WatchEvent[]): { state: Watch; effects: (readonly WatchEffect[])[] } {
  let state = WATCH_START;
  const effects: (readonly WatchEffect[])[] = [];
  for (const event of events) {
    const step = stepWatch(state, event, LIMITS);
    ({ state } = step);
    effects.push(step.effects);
  }
  return { state, effects };
}

const THAW = { kind: 'thaw' } as const;

describe('stepWatch()', () => {
  test('waits while the capture only looks', () => {
    expect(
      play([tick(0, { phase: 'resolve', progress: 1 }), tick(9_000_000, { phase: 'resolve', progress: 1 })]),
    ).toEqual({
      state: { at: 'waiting' },
      effects: [[], []],
    });
  });

  test('orders to reopen and thaws after 5 ms in one call, and thaws on until nothing is closed nor written', () => {
    const stuck = { progress: 3, closed: 1, writer: true };
    const { effects } = play([
      tick(0, stuck),
      tick(5_000, stuck),
      tick(5_001, stuck),
      tick(6_000, stuck),
      tick(7_000, { progress: 4, closed: 0, writer: true }),
      tick(8_000, { progress: 4 }),
    ]);
    expect(effects).toEqual([[], [], [{ kind: 'order', bit: ORDER_REOPEN }, THAW], [THAW], [THAW], []]);
  });

  test('does nothing about a call that is not one of those that may block', () => {
    expect(play([tick(0, { closed: 1 }), tick(50_000, { closed: 1 })]).effects).toEqual([[], []]);
  });

  test('reaps the dead after 3 ms in one call with nothing closed', () => {
    const stuck = { progress: 3 };
    expect(play([tick(0, stuck), tick(3_000, stuck), tick(3_001, stuck)]).effects).toEqual([
      [],
      [],
      [{ kind: 'reapDead' }],
    ]);
  });

  test('orders the timeout once at the deadline, ends the thread a moment later, and then the process, before the guard does', () => {
    const closed = { closed: 1 };
    const { state, effects } = play([
      tick(0, closed),
      tick(100_001, closed),
      tick(200_000, closed),
      tick(500_001, closed),
      tick(650_001, closed),
      tick(650_002, closed),
    ]);
    expect(effects).toEqual([
      [],
      [{ kind: 'order', bit: ORDER_TIMEOUT }, THAW],
      [THAW],
      [THAW, { kind: 'endThread' }],
      [THAW],
      [THAW, { kind: 'endProcess' }],
    ]);
    expect(state).toEqual({ at: 'lost' });
  });

  test('gives the hold its own time', () => {
    const { effects } = play([tick(0), tick(550_000, { phase: 'hold' }), tick(550_001, { phase: 'hold' })]);
    expect(effects).toEqual([[], [], [{ kind: 'endThread' }]]);
  });

  test('opens a freezer that is closed for nearly as long as the guard would allow, and lets the capture go on without it', () => {
    let state = WATCH_START;
    const limits = { timeoutMicroseconds: 60_000_000, holdMicroseconds: 0 };
    const effects = [tick(0, { closed: 1 }), tick(800_000, { closed: 1 }), tick(800_001, { closed: 1 })].map(
      (event) => {
        const step = stepWatch(state, event, limits);
        ({ state } = step);
        return step.effects;
      },
    );
    expect(effects).toEqual([[], [], [{ kind: 'order', bit: ORDER_REOPEN }, THAW]]);
  });

  test('orders to let go when the guard is gone, and opens what is closed from then on', () => {
    const { effects } = play([tick(0, { closed: 1 }), { kind: 'unguarded' }, tick(1, { closed: 1 }), tick(2)]);
    expect(effects).toEqual([[], [{ kind: 'order', bit: ORDER_UNGUARDED }], [THAW], []]);
    expect(play([{ kind: 'unguarded' }]).effects).toEqual([[{ kind: 'order', bit: ORDER_UNGUARDED }]]);
  });

  test('passes a cancellation on, and stays where it is', () => {
    expect(play([{ kind: 'cancel' }])).toEqual({
      state: { at: 'waiting' },
      effects: [[{ kind: 'order', bit: ORDER_CANCEL }]],
    });
  });

  test('is released by the report, and by the end of the thread, which may leave something closed', () => {
    expect(play([{ kind: 'reported' }])).toEqual({ state: { at: 'released' }, effects: [[]] });
    expect(play([{ kind: 'ended' }])).toEqual({ state: { at: 'released' }, effects: [[THAW]] });
  });
});

/** Events of any kind, with time that only goes on. */
const EVENTS = fc
  .array(
    fc.record({
      kind: fc.constantFrom('tick' as const, 'tick' as const, 'tick' as const, 'cancel' as const, 'end' as const),
      after: fc.nat(200_000),
      phase: fc.constantFrom(...PHASES),
      progress: fc.nat(5),
      writer: fc.boolean(),
      closed: fc.nat(2),
      reported: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let now = 0;
    return steps.map(({ kind, after, reported, ...view }): WatchEvent => {
      now += after;
      if (kind === 'end') return { kind: reported ? 'reported' : 'ended' };
      return kind === 'cancel' ? { kind } : { kind, now, view };
    });
  });

describe('stepWatch(), whatever happens,', () => {
  test('never leaves released, and thaws at each tick while something is closed after an order', () => {
    fc.assert(
      fc.property(EVENTS, (events) => {
        let state = WATCH_START;
        for (const event of events) {
          const { state: next, effects } = stepWatch(state, event, LIMITS);
          const released = state.at === 'released';
          expect(released ? { next, effects } : released).toEqual(released ? { next: state, effects: [] } : released);
          const ordered = (next.at === 'watching' && next.orders !== 0) || next.at === 'ending' || next.at === 'lost';
          const closed = event.kind === 'tick' && event.view.closed > 0;
          const mustThaw = !released && closed && ordered;
          expect(!mustThaw || effects.some(({ kind }) => kind === 'thaw')).toBe(true);
          state = next;
        }
      }),
    );
  });

  test('ends as lost when ticks go on and the capture does not, and as released when the thread ends', () => {
    fc.assert(
      fc.property(EVENTS, fc.boolean(), (events, ends) => {
        const late: WatchEvent[] = [0, 2, 4, 6, 8].map((s) => tick(20_000_000 + s * 1_000_000, { closed: 1 }));
        const { state } = play([...events, ...(ends ? [{ kind: 'ended' } as const] : late)]);
        expect(['released', 'lost']).toContain(state.at);
      }),
    );
  });
});
