/** Opens a connection through a proxy by CONNECT (RFC 9110, 9.3.6), as the `proxy-url` of a kubeconfig asks for. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';

/** How long the proxy may take to connect. */
const CONNECT_MILLISECONDS = 10_000;

/**
 * Rejects with an error whose message is one line for people.
 *
 * @param target host and port of the server, as in the authority of a URL
 */
export async function openTunnel(proxy: string, target: string): Promise<Socket> {
  const url = new URL(proxy);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`the proxy ${url.protocol}//${url.host} is of a kind through which no command can be run`);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return await new Promise((resolve, reject) => {
    const asking = request({
      method: 'CONNECT',
      host: url.hostname.replaceAll(/^\[|\]$/g, ''),
      port: url.port === '' ? undefined : url.port,
      path: target,
      agent: false,
      timeout: CONNECT_MILLISECONDS,
      headers: {
        host: target,
        ...(login === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
      },
    });
    asking.once('timeout', () => asking.destroy(new Error(`the proxy ${url.host} does not answer`)));
    asking.once('error', reject);
    asking.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      socket.setTimeout(0);
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${url.host} does not connect to ${target}: it answers ${statusCode}`));
    });
    asking.end();
  });
}
