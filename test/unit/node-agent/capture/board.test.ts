import { describe, expect, test } from '@jest/globals';
import { Board, MAX_FREEZERS, ORDER_CANCEL, ORDER_REOPEN } from '../../../../src/node-agent/capture/board.js';

describe('Board', () => {
  test('shows on one side what was written on the other', () => {
    const tracing = new Board();
    const main = new Board(tracing.memory);
    tracing.enter('seize');
    tracing.setWriter(true);
    tracing.setClosed(2);
    tracing.step();
    tracing.publishTid(4711);
    expect(main.view()).toEqual({ phase: 'seize', progress: 1, writer: true, closed: 2 });
    expect([...main.tids()]).toEqual([4711]);
    main.order(ORDER_REOPEN);
    expect(tracing.orders()).toBe(ORDER_REOPEN);
  });

  test('keeps an earlier order when a later one comes', () => {
    const board = new Board();
    board.order(ORDER_REOPEN);
    board.order(ORDER_CANCEL);
    expect(board.orders()).toBe(ORDER_REOPEN | ORDER_CANCEL);
  });

  test('publishFreezer() carries descriptor, version and container, and refuses when the board is full', () => {
    const board = new Board();
    const freezers = Array.from({ length: MAX_FREEZERS }, (_, container) => ({
      fd: container + 20,
      version: container % 3 === 0 ? ('v1' as const) : ('v2' as const),
      container,
    }));
    expect(freezers.every((freezer) => board.publishFreezer(freezer))).toBe(true);
    expect(board.freezers()).toEqual(freezers);
    expect(board.publishFreezer({ fd: 1, version: 'v1', container: 0 })).toBe(false);
    board.withdrawFreezers();
    expect(board.freezers()).toEqual([]);
  });

  test('waitForOrders() returns at once when there is an order that was not known', () => {
    const board = new Board();
    board.order(ORDER_CANCEL);
    const since = performance.now();
    board.waitForOrders(0, 10_000_000);
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  test('reset() forgets everything', () => {
    const board = new Board();
    board.enter('hold');
    board.order(ORDER_CANCEL);
    board.publishTid(1);
    board.reset();
    expect(board.view()).toEqual({ phase: 'resolve', progress: 0, writer: false, closed: 0 });
    expect(board.orders()).toBe(0);
    expect(board.tids()).toHaveLength(0);
  });
});
