import { join } from 'node:path';

import type { Architecture } from '../harness/architecture.js';
import type { Machine } from './machine.js';

/** Files in the machine's folder. */
export const JOURNAL = 'journal.log';
const CONSOLE = 'console.log';
export const ROOT_DISK = 'root.ext4';
export const SEED_DISK = 'seed.ext4';
/** The socket of QEMU's monitor. When QEMU listens on it, the machine is running. */
export const MONITOR = 'qmp';
/** A link to the folder that build-vm.sh made, with kernel, initrd and run-qemu. */
export const BUILT = 'built';

/** Memory of the machine, in MiB. */
const MEMORY_MIB = 2048;
/** Memory for QEMU's translated code, in MiB. QEMU's own default is 1 GiB. */
const TRANSLATIONS_MIB = 256;

interface Hardware {
  readonly machine: string;
  readonly cpu: string;
  /** The serial port, by the name that the kernel has for it. */
  readonly console: string;
}

const HARDWARE: Readonly<Record<Architecture, Hardware>> = {
  amd64: {
    machine: 'q35',
    // This model has the instructions that QEMU emulates with one call of compiled code (AES, CRC32, random numbers),
    // but not AVX, which is new in QEMU 7.2. It also lacks SVM, unlike `max`, because with SVM the guest would load kvm.
    // It also does without CMPXCHG16B, whose emulation in QEMU 7.2 damages the flags: Linux 6.12 panics within seconds.
    cpu: 'Westmere-v1,+rdrand,-cx16',
    console: 'ttyS0',
  },
  arm64: {
    machine: 'virt',
    // The signing of pointers by the algorithm that real processors use is most expensive to emulate.
    cpu: 'max,pauth-impdef=on',
    console: 'ttyAMA0',
  },
};

/**
 * The serial port is slow, because an emulated UART leaves the guest for every byte; so the kernel reports only errors there.
 * The journal comes through a virtio console. mitigations=off is acceptable because nobody attacks the machine, and
 * emulating the fences is expensive.
 */
function kernelCommandLine(machine: Machine): string {
  const root = 'root=/dev/vda rootfstype=ext4 rw';
  const speed = 'mitigations=off random.trust_cpu=on net.ifnames=0 systemd.show_status=no';
  return `${root} console=${HARDWARE[machine.architecture].console} loglevel=4 panic=-1 ${speed} systemd.hostname=${machine.name}`;
}

/**
 * Runs QEMU without acceleration by the machine: a kernel-based accelerator is not available everywhere, and
 * paravirtual accelerators cannot run a distribution's kernel. Each virtual CPU is a thread. cache=unsafe is acceptable
 * because the data only needs to survive the death of the guest.
 */
export function qemuCommand(machine: Machine): string[] {
  const hardware = HARDWARE[machine.architecture];
  const file = (name: string): string => join(machine.state, name);
  const log = (id: string, name: string): string => `file,id=${id},path=${file(name)},append=on`;
  const options = [
    ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ['-machine', hardware.machine, '-accel', `tcg,thread=multi,tb-size=${TRANSLATIONS_MIB}`],
    ['-cpu', hardware.cpu, '-smp', '2', '-m', String(MEMORY_MIB)],
    ['-kernel', file(`${BUILT}/vmlinuz`), '-initrd', file(`${BUILT}/initrd.img`)],
    ['-append', kernelCommandLine(machine)],
    ['-drive', `file=${file(ROOT_DISK)},if=virtio,format=raw,cache=unsafe`],
    ['-drive', `file=${file(SEED_DISK)},if=virtio,format=raw,readonly=on`],
    ['-netdev', `tap,id=network,ifname=node-${machine.index},script=no,downscript=no`],
    ['-device', `virtio-net-pci,netdev=network,mac=${hardwareAddress(machine.index)},romfile=`],
    ['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ['-chardev', log('journal', JOURNAL), '-device', 'virtconsole,chardev=journal'],
    ['-chardev', log('console', CONSOLE), '-serial', 'chardev:console'],
    ['-qmp', `unix:${file(MONITOR)},server=on,wait=off`],
  ];
  return [file(`${BUILT}/run-qemu`), ...options.flat()];
}

/** An address of the range that QEMU uses itself. */
function hardwareAddress(index: number): string {
  return `52:54:00:00:00:${index.toString(16).padStart(2, '0')}`;
}
