/** Serves health, readiness and metrics over plain HTTP to the kubelet and Prometheus. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
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
  readonly registry: Registry;
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

/** The body of a failure lists the failing checks. Every other path answers 404. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', checking(options.healthz));
  app.get('/readyz', checking(options.readyz));
  app.get('/metrics', async (_request, response) => {
    response.type(options.registry.contentType).send(await options.registry.metrics());
  });
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('not found\n');
  });
  // Express recognises an error handler by its four parameters.
  const broken: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    options.onError?.(error);
    if (response.headersSent) response.end();
    else response.status(500).type('text/plain').send('internal error\n');
  };
  app.use(broken);
  return { listen: (at) => listen(createServer(app), at) };
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

function listen(server: Server, at: { readonly port: number; readonly host?: string }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: at.port, ...(at.host === undefined ? {} : { host: at.host }) }, () => {
      server.off('error', reject);
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => close(server) });
    });
  });
}

/** Without closing the idle keep-alive connections of Prometheus, the process would not end until they time out. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
