/** Where log lines go: to a stream that may be full, slow or gone, none of which ends or delays what is logged about. */

/** Of a stream of Node, what is needed here. */
export interface Stream {
  readonly writableLength: number;
  on(event: 'error', listener: () => void): unknown;
  write(line: string): unknown;
}

/** What waits for a reader that is slow: some 4,000 lines. */
const MAX_WAITING_BYTES = 1 << 20;

/** Writes lines to the stream. A line that cannot be written is lost, and so is a line while 1 MiB waits. */
export function logSink(stream: Stream): (line: string) => void {
  // Without a listener, the first line to a full disk or a closed pipe would end the process.
  stream.on('error', () => undefined);
  return (line) => {
    if (stream.writableLength < MAX_WAITING_BYTES) stream.write(line);
  };
}
