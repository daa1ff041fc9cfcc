/** Runs a command in a container over a WebSocket, as `kubectl exec` does. */
import type { WebSocket } from 'ws';
import type { Clock } from './clock.js';
import type { Credentials } from './credentials.js';
import { execPath, parseExecStatus, ERRORS_CHANNEL, OUTPUT_CHANNEL, STATUS_CHANNEL } from './exec-protocol.js';
import type { ExecEnd, ExecTarget } from './exec-protocol.js';
import { openExecSocket, readRefusal } from './exec-socket.js';

export interface ExecRequest extends ExecTarget {
  /** Called with each part of the command's standard output; the next part is read when the promise resolves. */
  readonly onOutput: (bytes: Uint8Array) => Promise<void>;
  readonly signal?: AbortSignal;
}

export type ExecResult =
  /** The command ended. `errors` is its standard error, at most 64 KiB. */
  | { readonly kind: 'ended'; readonly status: number; readonly errors: string }
  /** The command was not run, or its end is not known. `message` is one line for people, `code` the status of HTTP. */
  | { readonly kind: 'failed'; readonly code?: number; readonly message: string };

/** How to reach the API server. */
export interface ExecAccess {
  readonly credentials: Pick<Credentials, 'access' | 'refused'>;
  readonly clock: Clock;
  readonly userAgent: string;
}

/** Most of the command's standard error that is kept, and of its Status. */
const MOST_TEXT_BYTES = 64 << 10;
const PING_MILLISECONDS = 5_000;
/** A connection counts as dead if nothing, not even the answer to a ping, has come over it for so long. */
const SILENT_MILLISECONDS = 20_000;

/** Never rejects. A connection that ends without the end of the command is a failure. */
export async function execInPod(reach: ExecAccess, request: ExecRequest): Promise<ExecResult> {
  const path = execPath(request);
  if (path === undefined) return failed('the name of the pod or of its namespace is no name');
  for (let renewed = false; ; renewed = true) {
    if (request.signal?.aborted === true) return failed('interrupted');
    const since = reach.clock.monotonic();
    const result = await execOnce(reach, path, request);
    // The server answers 401 before it runs anything.
    const again = result.kind === 'failed' && result.code === 401 && !renewed && reach.credentials.refused(since);
    if (!again) return result;
  }
}

async function execOnce(reach: ExecAccess, path: string, request: ExecRequest): Promise<ExecResult> {
  let access;
  try {
    access = await reach.credentials.access();
  } catch (error) {
    // The message of a credential plugin was not written for people, and may contain secrets.
    const { code } = error as NodeJS.ErrnoException;
    const what = code === undefined ? '' : `: ${code}`;
    return failed(`the credentials cannot be had${what}`);
  }
  try {
    const socket = await openExecSocket(access, path, reach.userAgent);
    return await new Conversation(socket, path, request, reach.clock).end;
  } catch (error) {
    return failed(textOf(error));
  }
}

/** The conversation with the server, until the command has ended and all of its output was taken. */
class Conversation {
  readonly end: Promise<ExecResult>;
  readonly #socket: WebSocket;
  readonly #request: ExecRequest;
  readonly #clock: Clock;
  readonly #errors: Buffer[] = [];
  #errorBytes = 0;
  #statusText = '';
  #exec: ExecEnd | undefined;
  /** The first failure counts: those that follow are its consequences. */
  #failure: ExecResult | undefined;
  /** The output that onOutput has not taken yet. */
  #pending = 0;
  #taken: Promise<void> = Promise.resolve();
  #heard: number;

  constructor(socket: WebSocket, path: string, request: ExecRequest, clock: Clock) {
    this.#socket = socket;
    this.#request = request;
    this.#clock = clock;
    this.#heard = clock.monotonic();
    const over = new AbortController();
    const interrupt = (): void => this.#fail(failed('interrupted'));
    this.end = new Promise((resolve) => {
      socket.on('message', (bytes: Buffer) => this.#take(bytes));
      socket.on('pong', () => this.#hear());
      socket.on('ping', () => this.#hear());
      socket.on('unexpected-response', (_, answer) => {
        void readRefusal(path, answer).then(({ code, message }) =>
          this.#fail(failed(message.replaceAll(/\s+/g, ' ').trim(), code)),
        );
      });
      socket.on('error', (error) => this.#fail(failed(textOf(error))));
      socket.on('close', () => {
        over.abort();
        request.signal?.removeEventListener('abort', interrupt);
        void this.#taken.then(() => resolve(this.#result()));
      });
    });
    request.signal?.addEventListener('abort', interrupt, { once: true });
    if (request.signal?.aborted === true) interrupt();
    void this.#watch(over.signal);
  }

  #take(message: Buffer): void {
    this.#hear();
    const bytes = message.subarray(1);
    if (bytes.length === 0) return;
    const [channel] = message;
    // A channel that this client has not asked for is left alone.
    if (channel === OUTPUT_CHANNEL) this.#pass(bytes);
    else if (channel === ERRORS_CHANNEL) this.#keepErrors(bytes);
    else if (channel === STATUS_CHANNEL) {
      this.#statusText = `${this.#statusText}${bytes.toString('utf8')}`.slice(0, MOST_TEXT_BYTES);
      this.#exec ??= parseExecStatus(this.#statusText);
      if (this.#exec !== undefined) this.#socket.close(1000);
    }
  }

  #keepErrors(bytes: Buffer): void {
    const kept = bytes.subarray(0, MOST_TEXT_BYTES - this.#errorBytes);
    this.#errorBytes += kept.length;
    this.#errors.push(Buffer.from(kept));
  }

  /** Hands the output on, in order, and reads no more of it until it was taken. */
  #pass(bytes: Buffer): void {
    this.#pending += 1;
    this.#socket.pause();
    this.#taken = this.#handOver(this.#taken, bytes);
  }

  async #handOver(before: Promise<void>, bytes: Buffer): Promise<void> {
    await before;
    try {
      if (this.#failure === undefined) await this.#request.onOutput(bytes);
    } catch (error) {
      this.#fail(failed(`the output cannot be taken: ${textOf(error)}`));
    }
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#hear();
    this.#socket.resume();
  }

  #hear(): void {
    this.#heard = this.#clock.monotonic();
  }

  /** Ends a connection that is dead without a sign. While the output waits here, nothing can be heard. */
  async #watch(over: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(PING_MILLISECONDS, over);
      if (over.aborted) return;
      if (this.#pending > 0) continue;
      const silent = this.#clock.monotonic() - this.#heard;
      if (silent >= SILENT_MILLISECONDS)
        this.#fail(failed(`nothing has come over the connection for ${Math.round(silent / 1000)} s`));
      else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    }
  }

  #fail(failure: ExecResult): void {
    this.#failure ??= failure;
    this.#socket.terminate();
  }

  #result(): ExecResult {
    // The end of the command is known, and everything came before it, whatever became of the connection afterwards.
    if (this.#exec?.kind === 'exited' && this.#failure === undefined)
      return { kind: 'ended', status: this.#exec.status, errors: Buffer.concat(this.#errors).toString('utf8') };
    if (this.#failure !== undefined) return this.#failure;
    return this.#exec?.kind === 'failed'
      ? this.#exec
      : failed('the connection ended before the end of the command was known');
  }
}

function failed(message: string, code?: number): ExecResult {
  return { kind: 'failed', ...(code === undefined ? {} : { code }), message };
}

/** Errors of the network have a code. Where every address of a name failed, the first failure stands for all. */
function textOf(error: unknown): string {
  const { code, message, errors } = error as NodeJS.ErrnoException & { readonly errors?: readonly unknown[] };
  if (message === '' && errors?.[0] !== undefined) return textOf(errors[0]);
  const text = message.replaceAll(/\s+/g, ' ').trim();
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`;
}
