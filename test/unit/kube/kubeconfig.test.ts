/** Tests which files a kubeconfig is read from, and which of their entries count. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { kubeconfigNames, load } from '../../../src/kube/kubeconfig.js';

let folder: string;
let before: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-kubeconfig-'));
  before = process.env['KUBECONFIG'];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env['KUBECONFIG'];
  else process.env['KUBECONFIG'] = before;
});

function put(name: string, context: string, server: string, more: object = {}): string {
  const path = join(folder, name);
  const config = {
    clusters: [
      { name: 'c', cluster: { server } },
      { name: `c-${name}`, cluster: { server } },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
    'current-context': context,
    ...more,
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

describe('load() with several files in $KUBECONFIG', () => {
  test('takes the first that says something, as kubectl does, and leaves out those that are not there', () => {
    const one = put('one', 'dev', 'https://one');
    const two = put('two', 'prod', 'https://two');
    process.env['KUBECONFIG'] = [join(folder, 'missing'), one, '', two].join(delimiter);
    const config = load({});
    expect(config.getCurrentContext()).toBe('dev');
    expect(config.getCurrentCluster()?.server).toBe('https://one');
    expect(load({ context: 'prod' }).getCurrentCluster()?.server).toBe('https://one');
    expect(kubeconfigNames()).toMatchObject({
      contexts: ['dev', 'prod'],
      clusters: ['c', 'c-one', 'c-two'],
      users: ['u'],
    });
  });

  test('takes the current context of the first file that has one', () => {
    const one = put('one', 'dev', 'https://one', { 'current-context': '' });
    const two = put('two', 'prod', 'https://two');
    process.env['KUBECONFIG'] = [one, two].join(delimiter);
    expect(load({}).getCurrentContext()).toBe('prod');
  });

  test('says that none is there', () => {
    process.env['KUBECONFIG'] = join(folder, 'missing');
    expect(() => load({})).toThrow(`no file of $KUBECONFIG is there: ${join(folder, 'missing')}`);
  });
});

describe('load() of what is no kubeconfig', () => {
  test('names the file', () => {
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'bad'), 'users: [{name: t, user: {token: TOPSECRET}\nfoo: : bar');
    expect(() => load({ file: join(folder, 'missing') })).toThrow(`there is no kubeconfig ${join(folder, 'missing')}`);
    expect(() => load({ file: join(folder, 'folder') })).toThrow('has more than 16 MiB, or is no file');
    expect(() => load({ file: '/dev/zero' })).toThrow('the kubeconfig /dev/zero has more than 16 MiB, or is no file');
    expect(() => load({ file: join(folder, 'bad') })).toThrow(`the kubeconfig ${join(folder, 'bad')} cannot be read: `);
    expect(() => load({ file: join(folder, 'bad') })).not.toThrow('TOPSECRET');
  });
});
