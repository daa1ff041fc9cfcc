import { join } from 'node:path';

import type { Machine } from './machine.js';

/** Files of a machine, in its folder. */
export const JOURNAL = 'journal.log';
const CONSOLE = 'console.log';
export const ROOT_DISK = 'root.ext4';
export const SEED_DISK = 'seed.ext4';
/** Where QEMU listens for its monitor: this tells that it runs. */
export const MONITOR = 'qmp';
/** A link to what build-vm.sh made: kernel, initrd, run-qemu. */
export const BUILT = 'built';

/** Memory of the machine, and of QEMU's translated code: its own default for the latter is 1 GiB. */
const MEMORY_MIB = 2048;
const TRANSLATIONS_MIB = 256;
/**
 * Has what is emulated by one call of compiled code instead of many instructions (AES, CRC32, random numbers), and not
 * what QEMU 7.2 is new to (AVX). Nor SVM, as `max` has, for which the guest would load kvm.
 */
const CPU = 'Westmere-v1,+rdrand';

/**
 * `ttyS0` is slow, an emulated UART that leaves the guest for every byte: the kernel says only what is wrong there. The
 * journal comes through a virtio console. mitigations=off: nobody attacks it, and emulating the fences costs a lot.
 */
function kernelCommandLine(machine: Machine): string {
  const root = 'root=/dev/vda rootfstype=ext4 rw';
  const speed = 'mitigations=off random.trust_cpu=on net.ifnames=0 systemd.show_status=no';
  return `${root} console=ttyS0 loglevel=4 panic=-1 ${speed} systemd.hostname=${machine.name}`;
}

/**
 * QEMU without any of the machine's own help: a kernel-based accelerator is not to be had everywhere, and the paravirtual
 * ones that pretend cannot run a distribution's kernel. Each virtual CPU is a thread. cache=unsafe: what the guest syncs
 * has to survive the guest's death alone.
 */
export function qemuCommand(machine: Machine): string[] {
  const file = (name: string): string => join(machine.state, name);
  const log = (id: string, name: string): string => `file,id=${id},path=${file(name)},append=on`;
  const options = [
    ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ['-machine', 'q35', '-accel', `tcg,thread=multi,tb-size=${TRANSLATIONS_MIB}`],
    ['-cpu', CPU, '-smp', '2', '-m', String(MEMORY_MIB)],
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

/** Of the range that QEMU's own are from. */
function hardwareAddress(index: number): string {
  return `52:54:00:00:00:${index.toString(16).padStart(2, '0')}`;
}
