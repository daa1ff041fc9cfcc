import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { Cluster } from './harness/cluster.js';
import { takeDown } from './harness/down.js';
import type { Node } from './harness/node.js';
import { describeAsRoot } from './harness/requirement.js';
import { run } from './harness/run.js';
import { leftOf, type MachineFacts, machineFacts, processesOf } from './harness/traces.js';
import { up } from './harness/up.js';
import { eventually } from './harness/waiting.js';
import { quoted } from './vm/secure-shell.js';
import { linesOf } from './vm/unit-service.js';

const NAME = `systemd-${process.pid}`;
/** How long the node may take to come up, with nothing cached and on a busy machine. */
const UP_BOUND_MS = 600_000;
const BOUND_MS = 240_000;
const GONE_BOUND_MS = 10_000;
const TOLD_BOUND_MS = 60_000;

describe('input and output of a machine', () => {
  test('quoted() turns any text into one word of a shell', async () => {
    const words = fc.string({ unit: 'grapheme' }).filter((word) => !word.includes('\0'));
    await fc.assert(
      fc.asyncProperty(words, async (word) => {
        expect((await run(['sh', '-c', `printf %s ${quoted(word)}`])).stdout).toBe(word);
      }),
      { numRuns: 30 },
    );
  });

  test('linesOf() finds the lines of one program', () => {
    const journal = [
      '[    9.1] kubelet[235]: E1 kubelet[1]: no',
      '[   10.2] systemd[1]: Started kubelet',
      '[ 1024.3] kubelet[9]: ok',
      '',
    ];
    expect(linesOf(journal.join('\r\n'), 'kubelet')).toBe('E1 kubelet[1]: no\nok\n');
  });
});

describeAsRoot('the systemd node', () => {
  let before: MachineFacts;
  let cluster: Cluster;
  let node: Node;

  beforeAll(async () => {
    before = machineFacts(NAME);
    cluster = await up({ name: NAME, nodes: 0, systemdNode: true });
    node = cluster.node('node-1');
  }, UP_BOUND_MS);
  afterAll(() => takeDown(NAME), BOUND_MS);

  async function output(...argv: readonly string[]): Promise<string> {
    const ran = await node.exec(argv);
    expect(ran).toMatchObject({ status: 0 });
    return ran.stdout.trim();
  }

  async function kubectl(...args: readonly string[]): Promise<string> {
    const ran = await cluster.kubectl(args);
    expect(ran).toMatchObject({ status: 0 });
    return ran.stdout.trim();
  }

  async function podRuns(): Promise<void> {
    await kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=120s');
  }

  test('is a machine with systemd, cgroup v2 alone, and its own kernel', async () => {
    expect(await output('cat', '/proc/1/comm')).toBe('systemd');
    expect(await output('cat', '/proc/1/cgroup')).toBe('0::/init.scope');
    expect(await output('stat', '--file-system', '--format=%T', '/sys/fs/cgroup')).toBe('cgroup2fs');
    expect(await output('cat', '/proc/mounts')).not.toMatch(/ cgroup /);
    expect(await output('uname', '-r')).not.toBe((await run(['uname', '-r'])).stdout.trim());
    const config = await kubectl('get', '--raw', '/api/v1/nodes/node-1/proxy/configz');
    expect(JSON.parse(config)).toMatchObject({ kubeletconfig: { cgroupDriver: 'systemd' } });
  });

  test('exec() passes on arguments, environment, input, output and exit status', async () => {
    const script = 'printf "%s|" "$@" "$NAME"; cat; echo error >&2; exit 7';
    const ran = await node.exec(['sh', '-c', script, 'sh', "it's", '$HOME', ''], {
      input: 'input',
      env: { NAME: 'a b' },
    });
    expect(ran).toEqual({ status: 7, stdout: "it's|$HOME||a b|input", stderr: 'error\n' });
  });

  test(
    'runs a pod, in a scope below its slice, with the default AppArmor profile',
    async () => {
      await kubectl('run', 'one', '--image=stasis.test/busybox:1', '--', 'sleep', '100000');
      await podRuns();
      const uid = await kubectl('get', 'pod', 'one', '--output=jsonpath={.metadata.uid}');
      const slice = `kubepods-besteffort-pod${uid.replaceAll('-', '_')}.slice`;
      const id = await kubectl('get', 'pod', 'one', '--output=jsonpath={.status.containerStatuses[0].containerID}');
      const scope = `cri-containerd-${id.replace('containerd://', '')}.scope`;
      const pid = await output(
        'cat',
        `/sys/fs/cgroup/kubepods.slice/kubepods-besteffort.slice/${slice}/${scope}/cgroup.procs`,
      );
      expect(await output('cat', `/proc/${pid}/comm`)).toBe('sleep');
      expect(await output('cat', `/proc/${pid}/attr/current`)).toBe('cri-containerd.apparmor.d (enforce)');
      expect(await kubectl('exec', 'one', '--', 'echo', 'from inside')).toBe('from inside');
    },
    BOUND_MS,
  );

  test(
    'logs() shows the output of kubelet and containerd after they were killed and started again',
    async () => {
      await node.kill('kubelet');
      expect(await node.kubelet.running()).toBe(false);
      await node.kill('containerd');
      expect(await node.containerd.running()).toBe(false);
      await node.containerd.start();
      await node.kubelet.start();
      expect(await node.kubelet.running()).toBe(true);
      const starts = (): number => node.logs('kubelet').split('"Starting kubelet main sync loop"').length - 1;
      await eventually('the log shows that kubelet started twice', () => starts() === 2, TOLD_BOUND_MS);
      expect(node.logs('containerd')).toContain('containerd successfully booted');
      await podRuns();
    },
    BOUND_MS,
  );

  test(
    'comes back after a power cut, with its pods',
    async () => {
      await node.exec(['sh', '-c', 'echo kept > /var/lib/stasis/file && sync']);
      const boot = await output('cat', '/proc/sys/kernel/random/boot_id');
      await node.stop();
      expect(await node.exec(['true'])).toMatchObject({ status: 255 });
      await node.start();
      expect(await output('cat', '/proc/sys/kernel/random/boot_id')).not.toBe(boot);
      expect(await output('cat', '/var/lib/stasis/file')).toBe('kept');
      await cluster.ready();
      const count = '--output=jsonpath={.status.containerStatuses[0].restartCount}';
      const isBack = async (): Promise<boolean> => (await kubectl('get', 'pod', 'one', count)) === '1';
      await eventually('the pod runs again', isBack, BOUND_MS, 500);
      await podRuns();
    },
    BOUND_MS,
  );

  test(
    'down() removes the machine',
    async () => {
      const processes = processesOf(NAME);
      expect(processes.length).toBeGreaterThan(4);
      await cluster.down();
      await eventually('nothing is left', () => leftOf(NAME, processes).length === 0, GONE_BOUND_MS);
      expect(machineFacts(NAME)).toEqual(before);
    },
    BOUND_MS,
  );
});
