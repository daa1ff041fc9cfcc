/** The input and the result of each step of an uninstall. Types only. */
import type { KubeApi } from '../kube/api.js';
import type { Clock } from '../kube/clock.js';
import type { Logger } from '../kube/log.js';
import type { KubeError } from '../kube/result.js';

/** An annotation by which an installer marks what it installed. Without `value`, any value will do. */
export interface InstallerMark {
  readonly annotation: string;
  readonly value?: string;
}

export interface UninstallOptions {
  /** Stasis's own namespace. */
  readonly namespace: string;
  /** Name of the controller's Deployment. */
  readonly controller: string;
  /** Label selector of the controller's pods. */
  readonly controllerPods: string;
  /** Name of the node agents' service account. */
  readonly agentAccount: string;
  /** How long the captures may take to end, in seconds. */
  readonly waitSeconds: number;
  /** Nothing is done unless the controller's Deployment has this mark. */
  readonly installedBy?: InstallerMark;
  /** Nothing is done if a tool that knows no hooks has applied the Job of this name, which runs the uninstall. */
  readonly ownJob?: string;
}

export interface Uninstalling extends UninstallOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The result of a step: success, or the failure that prevented it. */
export type StepResult = { readonly ok: true } | { readonly ok: false; readonly error: KubeError };
