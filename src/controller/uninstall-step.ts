/** What the steps of an uninstall are given, and how they end. Types only. */
import type { KubeApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import type { Logger } from '../kube/log.js';
import type { KubeError } from '../kube/result.js';

export interface UninstallOptions {
  /** Stasis's own namespace. */
  readonly namespace: string;
  /** Name of the controller's Deployment. */
  readonly controller: string;
  /** Label selector of its pods. */
  readonly controllerPods: string;
  /** Name of the node agents' service account. */
  readonly agentAccount: string;
  /** How long captures may take to end. */
  readonly waitSeconds: number;
}

export interface Uninstalling extends UninstallOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How a step ended: what it could not do without, or nothing. */
export type StepResult = { readonly ok: true } | { readonly ok: false; readonly error: KubeError };
