import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { serviceAccountAccess } from '../../../src/kube/service-account.js';

const IN_POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-service-account-'));
  writeFileSync(join(folder, 'token'), 'abc\n');
  writeFileSync(join(folder, 'ca.crt'), 'a certificate');
  writeFileSync(join(folder, 'namespace'), 'team-a\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('serviceAccountAccess()', () => {
  test("uses the API server's address from the pod's environment, with the token of the file", async () => {
    const source = serviceAccountAccess(IN_POD, folder);
    expect(source).toMatchObject({ serverName: '10.96.0.1:443', namespace: 'team-a' });
    expect(await source?.read(false)).toMatchObject({
      origin: 'https://10.96.0.1:443',
      basePath: '',
      headers: { authorization: 'Bearer abc' },
      tls: { ca: 'a certificate' },
    });
  });

  test('writes an IPv6 address in brackets', () => {
    const source = serviceAccountAccess({ ...IN_POD, KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder);
    expect(source?.serverName).toBe('[fd00::1]:443');
  });

  test('keeps the connection for a rotated token, and needs another one for a rotated CA', async () => {
    const source = serviceAccountAccess(IN_POD, folder);
    const first = await source?.read(false);
    writeFileSync(join(folder, 'token'), 'def');
    const second = await source?.read(false);
    expect(second).toMatchObject({ headers: { authorization: 'Bearer def' }, fingerprint: first?.fingerprint });
    writeFileSync(join(folder, 'ca.crt'), 'another certificate');
    expect((await source?.read(false))?.fingerprint).not.toBe(first?.fingerprint);
  });

  test('is undefined outside of a pod, and in one without a token', () => {
    expect(serviceAccountAccess({}, folder)).toBeUndefined();
    rmSync(join(folder, 'token'));
    expect(serviceAccountAccess(IN_POD, folder)).toBeUndefined();
  });
});
