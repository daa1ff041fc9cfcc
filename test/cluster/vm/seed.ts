import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { API_ADDRESS, CONTROL_ADDRESS, nodeAddress } from '../harness/addresses.js';
import { identity } from '../harness/certificates.js';
import { writeKubeconfig } from '../harness/kubeconfig.js';
import { kubeletSettings, podNetwork } from '../harness/node-settings.js';
import { must } from '../harness/run.js';
import { sourceFolder } from '../harness/source-tree.js';
import type { MachineParts } from '../harness/tools.js';
import type { Machine } from './machine.js';
import { SEED_DISK } from './qemu.js';
import { KEY } from './secure-shell.js';

/** The folder on the machine in which the disk is mounted. */
const SEED = '/seed';
const MIB = 2 ** 20;
/** Room for the file system itself and for the small files, in MiB. */
const ROOM_MIB = 32;

/**
 * Creates the second disk, which makes the machine a particular node of this cluster. A disk is used instead of a
 * shared folder, because the cloud kernel has no 9p, and virtiofs needs a daemon.
 */
export async function makeSeed(machine: Machine, parts: MachineParts, certificates: string): Promise<void> {
  const { kubelet, containerd, images } = parts;
  const folder = join(machine.state, 'seed');
  mkdirSync(join(folder, 'images'), { recursive: true, mode: 0o700 });
  cpSync(join(sourceFolder(), 'vm', 'seed'), folder, { recursive: true });
  mkdirSync(join(folder, 'bin'));
  for (const program of [kubelet, ...containerd]) {
    // A kubelet of another architecture has its architecture and a key in its name.
    const copy = join(folder, 'bin', program === kubelet ? 'kubelet' : basename(program));
    copyFileSync(program, copy);
    chmodSync(copy, 0o755);
  }
  copyFileSync(images, join(folder, 'images', basename(images)));
  copyFileSync(identity(certificates, 'ca').certificate, join(folder, 'ca.crt'));
  writeKubeconfig(join(folder, 'kubeconfig'), `https://${API_ADDRESS}:443`, certificates, machine.name);
  writeFileSync(join(folder, 'pods.conflist'), JSON.stringify(podNetwork(machine.index)));
  writeFileSync(join(folder, 'kubelet.json'), JSON.stringify(settings()));
  writeFileSync(join(folder, 'node.env'), environment(machine));
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'stasis-test', '-f', join(machine.state, KEY)]);
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(join(machine.state, `${KEY}.pub`)));
  const bytes = [kubelet, ...containerd, images].reduce((sum, file) => sum + statSync(file).size, 0);
  const disk = join(machine.state, SEED_DISK);
  await must(['truncate', `--size=${Math.ceil(bytes / MIB) + ROOM_MIB}M`, disk]);
  await must(
    [
      'mke2fs',
      '-q',
      '-F',
      '-t',
      'ext4',
      '-O',
      '^has_journal',
      '-b',
      '4096',
      '-m',
      '0',
      '-L',
      'seed',
      '-d',
      folder,
      disk,
    ],
    {
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    },
  );
  rmSync(folder, { recursive: true });
}

function settings(): object {
  return { ...kubeletSettings(`${SEED}/ca.crt`), cgroupDriver: 'systemd' };
}

/** The file is read by a shell and by systemd. */
function environment(machine: Machine): string {
  const address = nodeAddress(machine.index);
  const kubelet = [
    `--config=${SEED}/kubelet.json`,
    `--kubeconfig=${SEED}/kubeconfig`,
    `--hostname-override=${machine.name}`,
    `--node-ip=${address}`,
  ];
  return [`ADDRESS=${address}`, `GATEWAY=${CONTROL_ADDRESS}`, `KUBELET_ARGUMENTS="${kubelet.join(' ')}"`, ''].join(
    '\n',
  );
}
