/** Serves health, readiness and, unless metrics-server.ts does, metrics over plain HTTP. */
import { createServer, type Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Registry } from 'prom-client';

export interface NamedCheck {
  readonly name: string;
  /** Returns undefined when all is well, otherwise a few words that say what is wrong. */
  readonly check: () => string | undefined | Promise<string | undefined>;
}

export interface HttpServerOptions {
  /** A failing check tells the kubelet to restart the container. */
  readonly healthz: readonly NamedCheck[];
  /** A failing check marks the pod as not ready. */
  readonly readyz: readonly NamedCheck[];
  /** Served at /metrics. Absent when the metrics are served elsewhere. */
  readonly registry?: Registry;
  /** Receives every error of a request handler. The client only receives the status 500. */
  readonly onError?: (error: unknown) => void;
}

export interface Listening {
  /** The given port or, when 0 was given, the port that the kernel chose. */
  readonly port: number;
  close(): Promise<void>;
}

export interface HttpServer {
  /** Rejects when the port cannot be opened. */
  listen(at: { readonly port: number; readonly host?: string }): Promise<Listening>;
}

/** How long one text of the metrics is served, in milliseconds: less than any scrape interval. */
const FRESH_MS = 1_000;
/** Most connections at a time: kubelet, and some Prometheuses with their retries. Each takes up to 20 KB. */
const MOST_CONNECTIONS = 128;
/** How long the headers of a request may take, in milliseconds. */
const HEADERS_WITHIN_MS = 5_000;
/** How long a request may take to arrive, in milliseconds. None has a body. */
const REQUEST_WITHIN_MS = 10_000;

/** The body of a failure lists the failing checks. Every other path answers 404. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const app = plainApp();
  app.get('/healthz', checking(options.healthz));
  app.get('/readyz', checking(options.readyz));
  if (options.registry !== undefined) app.get('/metrics', metricsHandler(options.registry));
  answerDefects(app, options.onError);
  return {
    listen: async (at) => {
      const server = createServer(app);
      const port = await listenOn(server, at);
      return { port, close: () => closeServer(server) };
    },
  };
}

/** An express application without headers that tell more than needed. */
export function plainApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}

/**
 * Answers from one text for {@link FRESH_MS}: whoever may read the metrics may ask in a loop, and making the text takes
 * milliseconds of the thread that also renews Leases and watches captures.
 */
export function metricsHandler(registry: Registry): RequestHandler {
  let text: Promise<string> | undefined;
  let made = 0;
  return async (_request, response) => {
    const now = performance.now();
    if (text === undefined || now - made >= FRESH_MS) {
      made = now;
      text = registry.metrics();
    }
    const asked = text;
    try {
      response.type(registry.contentType).send(await asked);
    } catch (error) {
      if (text === asked) text = undefined;
      throw error;
    }
  };
}

/** Lets every path without a handler answer 404, and every defect 500. Call it after all handlers are registered. */
export function answerDefects(app: Express, onError: ((error: unknown) => void) | undefined): void {
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('not found\n');
  });
  // Express recognises an error handler by its four parameters.
  const broken: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    onError?.(error);
    if (response.headersSent) response.end();
    else response.status(500).type('text/plain').send('internal error\n');
  };
  app.use(broken);
}

function checking(checks: readonly NamedCheck[]): RequestHandler {
  return async (_request, response) => {
    const lines = await Promise.all(checks.map(outcome));
    const failed = lines.filter((line) => line !== undefined);
    response.status(failed.length === 0 ? 200 : 503).type('text/plain');
    response.send(failed.length === 0 ? 'ok\n' : failed.join(''));
  };
}

async function outcome({ name, check }: NamedCheck): Promise<string | undefined> {
  try {
    const wrong = await check();
    return wrong === undefined ? undefined : `${name}: ${wrong}\n`;
  } catch {
    return `${name}: check failed\n`;
  }
}

/**
 * Bounds what clients can cost: a connection that is one too many ends the oldest, so that kubelet's probes are served
 * however many connections somebody keeps open. Call it before the server listens.
 */
function bound(server: Server | SecureServer): void {
  server.headersTimeout = HEADERS_WITHIN_MS;
  server.requestTimeout = REQUEST_WITHIN_MS;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size > MOST_CONNECTIONS) oldest?.destroy();
  });
}

/** Returns the port. Rejects when the port cannot be opened. */
export function listenOn(
  server: Server | SecureServer,
  at: { readonly port: number; readonly host?: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    bound(server);
    server.once('error', reject);
    server.listen({ port: at.port, ...(at.host === undefined ? {} : { host: at.host }) }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Without closing the idle keep-alive connections of Prometheus, the process would not end until they time out. */
export function closeServer(server: Server | SecureServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
