/** Serves the metrics over TLS to readers whom the API server allows. */
import { createServer, type Server } from 'node:https';
import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { readCertificate, type Certificate } from './certificate-files.js';
import type { Clock } from './clock.js';
import { answerDefects, closeServer, listenOn, metricsHandler, plainApp } from './http-server.js';
import type { Logger } from './log.js';
import type { MetricsAccess, Verdict } from './metrics-access.js';

/** The port and the certificate of metrics that are served over TLS. */
export interface SecureMetrics {
  readonly port: number;
  /** The folder of tls.crt and tls.key. */
  readonly folder: string;
}

export interface MetricsServerOptions extends SecureMetrics {
  readonly host?: string;
  readonly registry: Registry;
  readonly access: Pick<MetricsAccess, 'judge'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with the port once the server listens. */
  readonly onListening?: (port: number) => void;
}

/** How often the files are read again: a rotated certificate is in use a minute after kubelet has written it. */
const READ_EVERY_MS = 60_000;
/** How soon an attempt that failed is repeated. */
const RETRY_MS = 5_000;

/**
 * Serves until `signal` aborts, and never rejects. Without a usable certificate or port it tries again for ever: what
 * Stasis is there for does not depend on its metrics.
 */
export async function serveMetrics(options: MetricsServerOptions, signal: AbortSignal): Promise<void> {
  const { folder, clock, log } = options;
  let server: Server | undefined;
  let inUse: Certificate | undefined;
  while (!signal.aborted) {
    const read = await readCertificate(folder);
    let well = read.ok;
    if (!read.ok) log.error('metrics: the certificate cannot be used', { error: read.message });
    else if (read.certificate.cert !== inUse?.cert || read.certificate.key !== inUse.key) {
      inUse = read.certificate;
      if (server === undefined) server = await open(options, inUse);
      else server.setSecureContext({ ...inUse, minVersion: 'TLSv1.2' });
      well = server !== undefined;
      if (!well) inUse = undefined;
      else log.info('metrics: certificate in use', { folder });
    }
    await clock.sleep(well ? READ_EVERY_MS : RETRY_MS, signal);
  }
  if (server !== undefined) await closeServer(server);
}

async function open(options: MetricsServerOptions, certificate: Certificate): Promise<Server | undefined> {
  const { registry, access, log } = options;
  const app = plainApp();
  app.get('/metrics', guarded(access), metricsHandler(registry));
  answerDefects(app, (error) => log.error('metrics: request failed by a defect', { error }));
  const server = createServer({ ...certificate, minVersion: 'TLSv1.2' }, app);
  try {
    const port = await listenOn(server, options);
    options.onListening?.(port);
    return server;
  } catch (error) {
    log.error('metrics: the port cannot be opened', { port: options.port, error });
    return undefined;
  }
}

const REFUSALS: Readonly<Record<Exclude<Verdict, 'allowed'>, readonly [number, string]>> = {
  unauthenticated: [401, 'a token that the API server knows is needed (Authorization: Bearer …)\n'],
  forbidden: [403, 'the verb get on the nonResourceURL /metrics is needed\n'],
  unknown: [503, 'the API server could not be asked who may read this; try again\n'],
};

function guarded(access: Pick<MetricsAccess, 'judge'>): RequestHandler {
  return async (request, response, next) => {
    const verdict = await access.judge(request.headers.authorization);
    if (verdict === 'allowed') {
      next();
      return;
    }
    const [code, text] = REFUSALS[verdict];
    if (code === 401) response.set('www-authenticate', 'Bearer');
    response.status(code).type('text/plain').send(text);
  };
}
