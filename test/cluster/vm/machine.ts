import type { Architecture } from '../harness/architecture.js';
import type { Place } from '../harness/place.js';

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
