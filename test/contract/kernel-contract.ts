/**
 * The contract of {@link Kernel}: the same named tests hold the real kernel and the scripted one. What a unit test of a
 * capture believes about Linux is written here, and is true on Linux.
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
