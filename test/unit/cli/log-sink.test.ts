import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { logSink } from '../../../src/cli/log-sink.js';

describe('logSink()', () => {
  test('logSink() outlives a stream that fails, and goes on writing to it', () => {
    const taken: string[] = [];
    const emitter = new EventEmitter();
    const log = logSink(Object.assign(emitter, { writableLength: 0, write: (line: string) => taken.push(line) > 0 }));
    expect(emitter.emit('error', new Error('ENOSPC'))).toBe(true);
    log('kept\n');
    expect(taken).toEqual(['kept\n']);
  });

  test('logSink() keeps no more than 1 MiB for a reader that does not read', () => {
    const stream = new Writable({ write: () => undefined });
    const log = logSink(stream);
    for (let line = 0; line < 5000; line++) log(`${'x'.repeat(1023)}\n`);
    expect(stream.writableLength).toBe(1 << 20);
  });
});
