import type { Place } from '../harness/place.js';

/** A node that is a machine of its own, under emulation. Plain data: it survives its maker. */
export interface Machine {
  readonly name: string;
  /** Of the node, from 1. */
  readonly index: number;
  /** Its folder on the caller's file system: disks, logs, key. */
  readonly state: string;
  /** Where QEMU runs, and whose bridge it is on: it ends with that place. */
  readonly control: Place;
}
