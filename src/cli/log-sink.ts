/** Log lines are written to a stream that may be full, slow or gone. None of that ends or delays the process. */

/** The part of Node's Writable that the sink uses. */
export interface Stream {
  readonly writableLength: number;
  on(event: 'error', listener: () => void): unknown;
  write(line: string): unknown;
}

/** Bytes that may wait for a slow reader of the log: about 4,000 lines. */
const MAX_WAITING_BYTES = 1 << 20;

/** Writes lines to the stream. A line is lost when it cannot be written, and while 1 MiB waits to be written. */
export function logSink(stream: Stream): (line: string) => void {
  // Without a listener, the first line to a full disk or a closed pipe would end the process.
  stream.on('error', () => undefined);
  return (line) => {
    if (stream.writableLength < MAX_WAITING_BYTES) stream.write(line);
  };
}
