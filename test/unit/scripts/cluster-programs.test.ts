/** test/cluster/build.sh on a machine that has nothing: fakes of Go and of Debian's package tools instead of minutes of building. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** In milliseconds: each test starts processes, and on a busy machine a start can take seconds. */
jest.setTimeout(60_000);

const REAL =
  'cat chmod cut date dirname find flock grep head ln mkdir mv nice rm sed sh sha256sum sleep sort tail touch tr wc';

/** Each writes its name and operands to the file $CALLS. */
const FAKES = {
  go: `case $1 in
    list) echo one; echo two ;;
    build)
      while [ "$1" != -o ]; do shift; done
      target=$2
      shift 2
      case $target in */) ;; *) set -- "" ;; esac
      for package in "$@"; do
        file=$target\${package##*/}
        mkdir -p "\${file%/*}"; echo '#!/bin/sh' > "$file"; chmod +x "$file"
      done
      echo one >&2; echo two >&2 ;;
    esac`,
  'apt-get': '[ "$1" = update ] || { shift 2; for package in "$@"; do : > "$package.deb"; done; }',
  'dpkg-deb': `case $2 in
    busybox-static.deb) file=bin/busybox ;;
    containernetworking-plugins.deb) file=usr/lib/cni/bridge ;;
    runc.deb) file=usr/sbin/runc ;;
    libseccomp-dev.deb) file=usr/include/seccomp.h ;;
    *) file=usr/bin/\${2%.deb} ;;
    esac
    mkdir -p "$3/bin" "$3/usr/bin" "$3/usr/sbin" "$3/$(dirname "$file")"
    echo '#!/bin/sh' > "$3/$file"; chmod +x "$3/$file"`,
};

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'stasis-programs-'));
  mkdirSync(join(home, 'bin'));
  symlinkSync(process.execPath, join(home, 'bin', 'node'));
  for (const name of REAL.split(' ')) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(home, 'bin', name));
  }
  for (const [name, script] of Object.entries(FAKES)) {
    writeFileSync(join(home, 'bin', name), `#!/bin/sh\necho "\${0##*/} $*" >> "$CALLS"\n${script}\n`, { mode: 0o755 });
  }
});

afterEach(() => rmSync(home, { recursive: true }));

function build(...operands: string[]): { folder: string; errors: string } {
  return printedBy('build.sh', ...operands);
}

function printedBy(script: string, ...operands: string[]): { folder: string; errors: string } {
  const { status, stdout, stderr } = spawnSync('sh', [join(REPOSITORY, 'test/cluster', script), ...operands], {
    encoding: 'utf8',
    env: { PATH: join(home, 'bin'), HOME: home, STASIS_CACHE: join(home, 'cache'), CALLS: join(home, 'calls') },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  return { folder: stdout.trim(), errors: stderr };
}

const linked = (folder: string, name: string): string => readlinkSync(join(folder, 'bin', name));
const calls = (): string[] => readFileSync(join(home, 'calls'), 'utf8').trim().split('\n');

describe('test/cluster/build.sh', () => {
  test('test/cluster/build.sh puts every program into the folder that it prints, the first time', () => {
    const { folder } = build();
    expect(dirname(folder)).toBe(join(home, 'cache'));
    const programs = ['etcd', 'kube-apiserver', 'kubelet', 'kubectl', 'helm', 'containerd', 'runc', 'tini', 'busybox'];
    for (const name of programs) accessSync(join(folder, 'bin', name), constants.X_OK);
    accessSync(join(folder, 'cni', 'bridge'), constants.X_OK);
  });

  test('test/cluster/build.sh prints the same folder the second time, and calls neither Go nor apt-get', () => {
    const { folder } = build();
    const before = calls();
    expect(build().folder).toBe(folder);
    expect(calls()).toEqual(before);
  });

  test('test/cluster/build.sh keeps the oldest Kubernetes, with containerd of Debian, beside the newest', () => {
    const { folder } = build();
    expect(build('--due', 'oldest').folder.split('\n')).toEqual(['modules', 'kubernetes-oldest', 'programs-oldest']);
    const oldest = build('oldest').folder;
    expect(build('--due', 'oldest').folder).toBe('');
    expect(build().folder).toBe(folder);
    expect(linked(oldest, 'kubelet')).not.toBe(linked(folder, 'kubelet'));
    expect(linked(oldest, 'helm')).toBe(linked(folder, 'helm'));
    expect(basename(dirname(dirname(dirname(linked(oldest, 'containerd')))))).toMatch(/^debian-/);
    expect(basename(dirname(linked(folder, 'containerd')))).toMatch(/^containerd-/);
  });
});

describe('test/cluster/more.sh', () => {
  test.each(['helm4', 'prometheus', 'kubelet-arm64', 'containerd-arm64'])(
    'test/cluster/more.sh %s makes the program once',
    (name) => {
      expect(printedBy('more.sh', name, '--due').folder.split('\n')).toEqual(['modules', name]);
      const program = printedBy('more.sh', name).folder;
      accessSync(program, constants.X_OK);
      const before = calls();
      expect(printedBy('more.sh', name).folder).toBe(program);
      expect(printedBy('more.sh', name, '--due').folder).toBe('');
      expect(calls()).toEqual(before);
    },
  );
});
