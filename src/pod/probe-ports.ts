/** Tells who answers a network probe: the containers of a pod share one network. Pure. */
import type { PodContainer, Probe } from './pod.js';

/**
 * Whether the probe of a container that is not held is answered, or may be answered, by one that is. Returns it as a part of
 * a sentence; undefined where a container that runs on is known to answer.
 *
 * The `ports` that a container declares are the only sign of who listens. A port that no container declares counts: any
 * container may answer there.
 */
export function unheldAnswer(
  container: PodContainer,
  probe: Probe,
  containers: readonly PodContainer[],
  held: readonly string[],
): string | undefined {
  const port = portOf(container, probe);
  if (port === undefined || declares(container, port)) return undefined;
  const listeners = containers.filter((other) => declares(other, port));
  const listener = listeners.find(({ name }) => held.includes(name));
  if (listener !== undefined) return `its port ${port} is answered by the held container ${listener.name}`;
  return listeners.length === 0 ? `its port ${port} may be answered by a held container` : undefined;
}

/**
 * The port to which kubelet sends the probe; undefined for a command. kubelet looks for the name of a port among those of
 * the probed container, and takes what it does not find there for a number.
 */
function portOf({ ports }: PodContainer, { httpGet, tcpSocket, grpc }: Probe): number | undefined {
  const port = httpGet?.port ?? tcpSocket?.port ?? grpc?.port;
  const number = ports?.find(({ name }) => name !== undefined && name === port)?.containerPort ?? Number(port);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

function declares({ ports }: PodContainer, port: number): boolean {
  return ports?.some(({ containerPort }) => containerPort === port) === true;
}
