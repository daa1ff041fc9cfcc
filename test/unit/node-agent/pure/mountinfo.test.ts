import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cgroupMounts, pathBelowMount, type CgroupMounts } from '../../../../src/node-agent/pure/cgroup-mounts.js';
import { isAtOrBelow, mountOf, parseMountinfo, type Mount } from '../../../../src/node-agent/pure/mountinfo.js';

const HYBRID = `23 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2  rw
`;

function mounts(text: string): readonly Mount[] {
  const parsed = parseMountinfo(text);
  if (!parsed.ok) throw new Error('not parsed');
  return parsed.value;
}

function hierarchies(...lines: readonly string[]): CgroupMounts {
  return cgroupMounts(mounts(lines.map((line) => `${line}\n`).join('')));
}

function escape(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

describe('parseMountinfo()', () => {
  test('parseMountinfo() reads mount point, root, type and super options', () => {
    expect(mounts(HYBRID)[3]).toEqual({
      mountPoint: '/sys/fs/cgroup/freezer',
      root: '/',
      fsType: 'cgroup',
      superOptions: ['rw', 'freezer'],
    });
    expect(mounts(HYBRID)).toHaveLength(6);
  });

  test('parseMountinfo() undoes octal escapes', () => {
    const line = '1 1 0:1 /a\\040b /x\\011\\012\\134040y rw - fuse.x\\040y src rw,user=a\\040b\n';
    expect(mounts(line)).toEqual([
      { root: '/a b', mountPoint: '/x\t\n\\040y', fsType: 'fuse.x y', superOptions: ['rw', 'user=a b'] },
    ]);
  });

  test.each(['x', '\n', '1 1 0:1 / / rw\n', '1 1 0:1 / / rw - ext4\n', '1 1 0:1 / rel rw - ext4 a rw\n'])(
    'parseMountinfo() rejects %j',
    (text) => {
      expect(parseMountinfo(text)).toMatchObject({ ok: false, error: { line: 1 } });
    },
  );

  test('parseMountinfo() rejects a file cut in the middle of a line', () => {
    for (let length = 1; length < HYBRID.length; length++) {
      const part = HYBRID.slice(0, length);
      expect(parseMountinfo(part).ok).toBe(part.endsWith('\n'));
    }
  });

  test('parseMountinfo() round-trips paths with any character', () => {
    const path = fc
      .string({ unit: fc.constantFrom('a', ' ', '\t', '\n', '\\', '0', '4', '#', '-', 'é') })
      .map((text) => `/${text}`);
    fc.assert(
      fc.property(path, path, fc.array(fc.constantFrom('shared:1', 'master:2', 'unbindable')), (root, point, tags) => {
        const optional = tags.map((tag) => ` ${tag}`).join('');
        const line = `1 1 0:1 ${escape(root)} ${escape(point)} rw${optional} - cgroup2 cgroup2 rw\n`;
        expect(mounts(line)).toEqual([{ root, mountPoint: point, fsType: 'cgroup2', superOptions: ['rw'] }]);
      }),
    );
  });

  test('parseMountinfo() never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof parseMountinfo(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('mountOf()', () => {
  test('mountOf() takes the longest mount point, and the last of two on one', () => {
    const list = mounts(`${HYBRID}50 37 0:9 / /sys/fs/cgroup/freezer rw - tmpfs tmpfs rw\n`);
    expect(mountOf(list, '/sys/fs/cgroup/freezer/a')?.fsType).toBe('tmpfs');
    expect(mountOf(list, '/sys/fs/cgroup/freezerx')?.mountPoint).toBe('/sys/fs/cgroup');
    expect(mountOf(list, '/sys/fs/cgroup/memory')?.fsType).toBe('cgroup');
    expect(mountOf([], '/')).toBeUndefined();
  });

  test('isAtOrBelow() compares whole segments', () => {
    expect(isAtOrBelow('/a/b', '/a')).toBe(true);
    expect(isAtOrBelow('/ab', '/a')).toBe(false);
    expect(isAtOrBelow('/ab', '/')).toBe(true);
  });
});

describe('cgroupMounts()', () => {
  test('cgroupMounts() finds the hierarchies of a hybrid host', () => {
    expect(cgroupMounts(mounts(HYBRID))).toEqual({
      freezerV1: { mountPoint: '/sys/fs/cgroup/freezer', root: '/' },
      unified: { mountPoint: '/sys/fs/cgroup/unified', root: '/' },
      otherV1: [
        { mountPoint: '/sys/fs/cgroup/memory', root: '/', controllers: ['memory'] },
        { mountPoint: '/sys/fs/cgroup/systemd', root: '/', controllers: ['name=systemd'] },
      ],
    });
  });

  test('cgroupMounts() answers nothing where nothing is mounted', () => {
    expect(cgroupMounts([])).toEqual({ otherV1: [] });
  });

  test('cgroupMounts() prefers the mount of the root, then the shortest mount point', () => {
    const whole = '1 1 0:1 / /very/long/path/to/cgroup rw - cgroup2 c rw';
    const longer = '1 1 0:1 / /very/long/path/to/cgroup/too rw - cgroup2 c rw';
    const part = '1 1 0:1 /docker/x /c rw - cgroup2 c rw';
    for (const order of [
      [whole, longer, part],
      [part, longer, whole],
    ]) {
      expect(hierarchies(...order).unified).toEqual({ mountPoint: '/very/long/path/to/cgroup', root: '/' });
    }
    expect(hierarchies(part).unified).toEqual({ mountPoint: '/c', root: '/docker/x' });
  });

  test('cgroupMounts() leaves out a hierarchy that another mount hides', () => {
    expect(hierarchies('1 1 0:1 / /c rw - cgroup2 c rw', '2 1 0:2 / /c rw - tmpfs t rw')).toEqual({ otherV1: [] });
  });
});

describe('pathBelowMount()', () => {
  test.each([
    ['/', '/a/b', '/a/b'],
    ['/', '/', ''],
    ['/docker/x', '/docker/x/y', '/y'],
    ['/docker/x', '/docker/x', ''],
    ['/docker/x', '/docker/xy', undefined],
    ['/docker/x', '/other', undefined],
    ['/', '/../other', undefined],
    ['/..', '/../other', '/other'],
    ['/../..', '/../other', undefined],
    ['/..', '/own', undefined],
  ])('pathBelowMount() of a mount of %s puts %s at %s', (root, path, below) => {
    expect(pathBelowMount({ mountPoint: '/sys/fs/cgroup', root }, path)).toBe(below);
  });

  test('pathBelowMount() never leaves the mount point', () => {
    const text = fc.string({ unit: fc.constantFrom('/', '.', '..', 'a') });
    fc.assert(
      fc.property(text, text, (root, path) => {
        const segments = pathBelowMount({ mountPoint: '/c', root }, path)?.split('/') ?? [];
        expect(segments).not.toContain('..');
      }),
    );
  });
});
