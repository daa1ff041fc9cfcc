import type { Place } from '../harness/place.js';

/** The architectures that can be emulated, by the names that Kubernetes has for them. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** The architecture of the machine that the tests run on. */
export function nativeArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** A node that is an emulated machine. It is plain data and outlives the process that created it. */
export interface Machine {
  readonly name: string;
  /** Number of the node, from 1. */
  readonly index: number;
  readonly architecture: Architecture;
  /** The machine's folder on the caller's file system: disks, logs, key. */
  readonly state: string;
  /** The place in which QEMU runs and whose bridge the machine is connected to. The machine ends with that place. */
  readonly control: Place;
}
