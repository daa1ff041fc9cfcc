/** The chart of a release, as an archive: the helm of the throw-away cluster reads it as it reads the chart's folder. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { REPOSITORY } from '../kernel/harness/programs.js';
import { must } from './harness/run.js';
import { CHART, helm } from './rendered-chart.js';

const BOUND_MS = 120_000;
const TEMPLATE = ['--namespace', 'stasis-system', '--kube-version', '1.34.4'];

describe('the archive of the chart', () => {
  let directory: string;
  let archive: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'stasis-chart-test-'));
    archive = join(directory, 'stasis.tgz');
    await must(['sh', join(REPOSITORY, 'deploy/release/chart.sh'), archive, '0']);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test(
    'helm shows everything of it as it does of the folder',
    async () => {
      const shown = await helm('show', 'all', archive);
      expect(shown).toEqual(await helm('show', 'all', CHART));
      expect(shown).toMatchObject({ status: 0, stdout: expect.stringContaining('name: stasis') });
    },
    BOUND_MS,
  );

  test(
    'helm renders it as it renders the folder, and finds no fault in it',
    async () => {
      const rendered = await helm('template', 'stasis', archive, ...TEMPLATE);
      expect(rendered.stdout.replaceAll('\r', '').match(/^kind: /gm)?.length).toBeGreaterThan(10);
      expect(rendered).toEqual(await helm('template', 'stasis', CHART, ...TEMPLATE));
      expect(await helm('lint', '--strict', archive)).toMatchObject({ status: 0 });
    },
    BOUND_MS,
  );

  test(
    'has what git tracks, without what .helmignore names',
    async () => {
      const repository = join(directory, 'repository');
      mkdirSync(repository);
      cpSync(join(REPOSITORY, 'deploy/release/chart.sh'), join(repository, 'deploy/release/chart.sh'));
      const files = {
        '.gitignore': 'secret.yaml\n',
        'deploy/helm/Chart.yaml': 'name: frost\n',
        'deploy/helm/.helmignore': 'ci/\n*.swp\n',
        'deploy/helm/templates/a.yaml': '',
        'deploy/helm/templates/a.yaml.swp': '',
        'deploy/helm/files/ci.txt': '',
        'deploy/helm/ci/default-values.yaml': '',
        'deploy/helm/secret.yaml': '',
      };
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(repository, path)), { recursive: true });
        writeFileSync(join(repository, path), text);
      }
      await must(['git', '-C', repository, 'init', '--quiet']);
      await must(['git', '-C', repository, 'add', '--all']);
      writeFileSync(join(repository, 'deploy/helm/untracked.yaml'), '');
      const packed = join(directory, 'frost.tgz');
      await must(['sh', join(repository, 'deploy/release/chart.sh'), packed, '0']);
      const listed = await must(['tar', '-tzf', packed]);
      const names = ['.helmignore', 'Chart.yaml', 'files/ci.txt', 'templates/a.yaml'];
      expect(listed.trim().split('\n')).toEqual(names.map((name) => `frost/${name}`));
    },
    BOUND_MS,
  );

  test(
    'a values file with a mistake is refused by the schema in it',
    async () => {
      const ran = await helm('template', 'stasis', archive, ...TEMPLATE, '--set', 'image.tagg=1');
      expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('tagg') });
    },
    BOUND_MS,
  );
});
