/**
 * The contract of {@link Kernel}. The same tests run on the real kernel and on the scripted one, so whatever a unit
 * test of a capture assumes about Linux is stated here and true on Linux.
 */
import { describe } from '@jest/globals';
import { fileContract } from './file-contract.js';
import { ptraceContract } from './ptrace-contract.js';
import { ptraceEventContract } from './ptrace-event-contract.js';
import type { MakeWorld } from './world.js';

export { freezerContract } from './freezer-contract.js';
export type { CgroupVersion, MakeWorld, World, WorldCgroup, WorldProcess } from './world.js';

/** Declares the tests that need no freezer. */
export function kernelContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: files and clock`, () => {
    fileContract(makeWorld);
  });
  describe(`${name}: ptrace`, () => {
    ptraceContract(makeWorld);
  });
  describe(`${name}: ptrace of tasks in special states`, () => {
    ptraceEventContract(makeWorld);
  });
}
