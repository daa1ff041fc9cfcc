import { closeSync, existsSync, mkdirSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { nodeAddress } from '../harness/addresses.js';
import { connectMachine } from '../harness/network.js';
import type { Node } from '../harness/node.js';
import { must } from '../harness/run.js';
import type { MachineParts } from '../harness/tools.js';
import { type Service, service } from '../harness/service.js';
import { eventually } from '../harness/waiting.js';
import type { Machine } from './machine.js';
import { BUILT, MONITOR, qemuCommand, ROOT_DISK } from './qemu.js';
import { CONNECTION, execOn, sharedConnection } from './secure-shell.js';
import { makeSeed } from './seed.js';
import { unitService } from './unit-service.js';

/** How long the machine may take to boot. 50 to 100 s were seen on two busy cores; most of it is processor time. */
const BOOT_BOUND_MS = 300_000;
const SERVICES_BOUND_MS = 120_000;
const CONNECTION_BOUND_MS = 30_000;
const LOOK_MS = 500;

/**
 * A node as most clusters have it: a machine with systemd as process 1, cgroup v2 alone and a distribution's kernel. It
 * behaves as {@link Node} says, with two exceptions that cannot be seen from outside: {@link Node.file} throws, and
 * {@link Node.cgroups} is empty.
 */
export function systemdNode(machine: Machine): Node {
  const containerd = unitService(machine, 'containerd');
  const kubelet = unitService(machine, 'kubelet');
  const services = { containerd, kubelet };
  return {
    name: machine.name,
    address: nodeAddress(machine.index),
    cgroups: [],
    ...services,
    exec: (argv, options) => execOn(machine, argv, options),
    logs: (name) => services[name].logs(),
    restart: (name) => services[name].restart(),
    kill: (name) => services[name].kill(),
    file: (path) => {
      throw new Error(`${machine.name} is a machine of its own: read ${path} by exec()`);
    },
    stop: async () => {
      await qemu(machine).kill();
      await sharedConnection(machine).kill();
    },
    start: async () => {
      await turnOn(machine);
      await untilUp(machine);
    },
    loadImage: (tar) => importImage(machine, tar),
  };
}

/**
 * Creates the disks and the network of a new machine. The control plane's bridge and the node's certificate must exist
 * already.
 */
export async function makeMachine(machine: Machine, parts: MachineParts, certificates: string): Promise<void> {
  const { built } = parts;
  mkdirSync(machine.state, { recursive: true });
  symlinkSync(built, join(machine.state, BUILT));
  await Promise.all([
    // The copy is sparse or shares its blocks, so it takes little space until the machine writes to it.
    must(['cp', '--sparse=always', '--reflink=auto', join(built, 'root.ext4'), join(machine.state, ROOT_DISK)]),
    makeSeed(machine, parts, certificates),
    connectMachine(machine.control, machine.index),
  ]);
}

/** Starts QEMU and does not wait for the machine: its kubelet looks for the API server until it finds it. */
export function turnOn(machine: Machine): Promise<void> {
  return qemu(machine).start();
}

/** Waits until a started machine accepts commands and runs containerd and kubelet. */
export async function untilUp(machine: Machine): Promise<void> {
  await reachable(machine);
  for (const name of ['containerd', 'kubelet']) {
    const unit = unitService(machine, name);
    await eventually(`${name} of ${machine.name} runs`, () => unit.running(), SERVICES_BOUND_MS, LOOK_MS);
  }
}

function qemu(machine: Machine): Service {
  return service(machine.control, `${machine.name}-qemu`, qemuCommand(machine), join(machine.state, MONITOR));
}

/**
 * Waits until the machine accepts commands. Throws at once when QEMU has ended, which a kernel panic causes
 * (-no-reboot).
 */
async function reachable(machine: Machine): Promise<void> {
  const answers = async (): Promise<boolean> => {
    if ((await execOn(machine, ['true'])).status === 0) return true;
    if (await qemu(machine).running()) return false;
    throw new Error(`${machine.name} ended: ${qemu(machine).logs().trim().slice(-1500)}`);
  };
  await eventually(`${machine.name} takes commands`, answers, BOOT_BOUND_MS, LOOK_MS);
  const socket = join(machine.state, CONNECTION);
  rmSync(socket, { force: true });
  await sharedConnection(machine).launch();
  await eventually(`${machine.name} shares a connection`, () => existsSync(socket), CONNECTION_BOUND_MS);
}

async function importImage(machine: Machine, tar: string): Promise<void> {
  const inputFd = openSync(tar, 'r');
  try {
    const ran = await execOn(machine, ['ctr', '--namespace', 'k8s.io', 'images', 'import', '-'], { inputFd });
    if (ran.status !== 0) throw new Error(`${machine.name} does not take ${tar}: ${ran.stderr}`);
  } finally {
    closeSync(inputFd);
  }
}
