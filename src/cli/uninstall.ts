/** Runs `stasis uninstall`: connects to the cluster and uninstalls. */
import { uninstall } from '../controller/uninstall.js';
import { systemClock } from '../kube/clock.js';
import { connect, type KubeConnection } from '../kube/connect.js';
import { createLogger } from '../kube/log.js';
import { garbageCollector } from './garbage-collector.js';
import type { UninstallArgumentsOptions } from './uninstall-arguments.js';

export type UninstallOutcome =
  { readonly kind: 'unusable'; readonly message: string } | { readonly kind: 'ended'; readonly complete: boolean };

/** @param surroundings the environment variables of the process, a function that receives log lines, and the version */
export async function runUninstall(
  options: UninstallArgumentsOptions,
  surroundings: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly sink: (line: string) => void;
    readonly version: string;
  },
): Promise<UninstallOutcome> {
  const namespace = options.namespace ?? surroundings.environment['POD_NAMESPACE'] ?? '';
  if (namespace === '') return { kind: 'unusable', message: '--namespace: the value is missing' };
  const clock = systemClock();
  const log = createLogger({ level: 'info', sink: surroundings.sink, wall: () => clock.wall() });
  const userAgent = `stasis-uninstall/${surroundings.version}`;
  const { kubeconfig } = options;
  let api: KubeConnection;
  try {
    api = await connect({
      userAgent,
      clock,
      collect: garbageCollector(),
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    });
  } catch (error) {
    return { kind: 'unusable', message: error instanceof Error ? error.message : String(error) };
  }
  try {
    return { kind: 'ended', complete: await uninstall({ ...options, namespace, api, clock, log }) };
  } finally {
    await api.close();
  }
}
