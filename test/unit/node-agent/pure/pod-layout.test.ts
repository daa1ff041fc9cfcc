import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isConmon,
  isSandboxProgram,
  parsePodUID,
  podUIDOf,
  recogniseContainer,
  recognisePodDirectory,
} from '../../../../src/node-agent/pure/pod-layout.js';

const UID = '0f3a5b1c-9d8e-4f70-8a6b-112233445566';
const UNDERSCORED = '0f3a5b1c_9d8e_4f70_8a6b_112233445566';
const STATIC_UID = '3a9c1f0e5b7d2846a1c3e5f7091b2d4f';
const ID = '0123456789abcdef'.repeat(4);

describe('parsePodUID()', () => {
  test('parsePodUID() accepts both shapes, in any case', () => {
    expect(parsePodUID(UID.toUpperCase())).toBe(UID);
    expect(parsePodUID(STATIC_UID)).toBe(STATIC_UID);
  });

  test('parsePodUID() answers nothing that could leave a directory', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '0', '-', '/', '.', '\n', '\0', '_', '%') }),
      fc.tuple(fc.string(), fc.constantFrom(UID, STATIC_UID), fc.string()).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (each) => {
        expect(parsePodUID(each) ?? STATIC_UID).toMatch(/^[0-9a-f-]{32,36}$/);
      }),
    );
  });
});

describe('recognisePodDirectory()', () => {
  test.each([
    [`pod${UID}`, 'kubepods', 'cgroupfs', 'none'],
    [`pod${UID}`, 'burstable', 'cgroupfs', 'burstable'],
    [`pod${UID}`, 'besteffort', 'cgroupfs', 'besteffort'],
    [`kubepods-pod${UNDERSCORED}.slice`, 'kubepods.slice', 'systemd', 'none'],
    [`kubepods-burstable-pod${UNDERSCORED}.slice`, 'kubepods-burstable.slice', 'systemd', 'burstable'],
    [`kubepods-besteffort-pod${UNDERSCORED}.slice`, 'kubepods-besteffort.slice', 'systemd', 'besteffort'],
    [
      `kubelet-kubepods-besteffort-pod${UNDERSCORED}.slice`,
      'kubelet-kubepods-besteffort.slice',
      'systemd',
      'besteffort',
    ],
  ])('recognisePodDirectory() recognises %s in %s', (name, parent, driver, qos) => {
    expect(recognisePodDirectory(name, parent, UID)).toEqual({ driver, qos });
    expect(recognisePodDirectory(name, parent, STATIC_UID)).toBeUndefined();
    expect(podUIDOf(name)).toBe(UID);
  });

  test('recognisePodDirectory() recognises a static pod', () => {
    expect(recognisePodDirectory(`pod${STATIC_UID}`, 'burstable', STATIC_UID)?.driver).toBe('cgroupfs');
    expect(recognisePodDirectory(`kubepods-pod${STATIC_UID}.slice`, '', STATIC_UID)?.driver).toBe('systemd');
  });

  test.each([
    UID,
    `pods${UID}`,
    `pod${UID}x`,
    `pod${UNDERSCORED}`,
    `xpod${UID}`,
    `kubepods-pod${UID}.slice`,
    'pod',
    '',
  ])('podUIDOf() does not recognise %j', (name) => {
    expect(podUIDOf(name)).toBeUndefined();
  });
});

describe('recogniseContainer()', () => {
  test.each([
    [ID, 'unspecified'],
    [`cri-containerd-${ID}.scope`, 'containerd'],
    [`crio-${ID}.scope`, 'cri-o'],
    [`crio-${ID}`, 'cri-o'],
    [`docker-${ID}.scope`, 'docker'],
  ])('recogniseContainer() reads %s', (name, runtime) => {
    expect(recogniseContainer(name)).toEqual({ containerID: ID, runtime });
    expect(isConmon(name)).toBe(false);
  });

  test.each([`crio-conmon-${ID}`, `crio-conmon-${ID}.scope`])(
    'isConmon() recognises %s, which is no container',
    (name) => {
      expect(isConmon(name)).toBe(true);
      expect(recogniseContainer(name)).toBeUndefined();
    },
  );

  test.each(['', ID.slice(1), `${ID}0`, ID.toUpperCase(), `${ID}.scope`, `docker-${ID}`, `x-${ID}.scope`, `${ID}\n`])(
    'recogniseContainer() does not recognise %j',
    (name) => {
      expect(recogniseContainer(name)).toBeUndefined();
    },
  );
});

describe('isSandboxProgram()', () => {
  test.each([
    ['pause', '/pause', true],
    ['pod', '/usr/bin/pod (deleted)', true],
    ['pause', '/bin/sh', false],
    ['sh', '/pause', false],
    ['pause', '', false],
  ])('isSandboxProgram() judges %s with %s', (comm, exe, expected) => {
    expect(isSandboxProgram(comm, exe)).toBe(expected);
  });
});
