/** The chart of a release, as an archive: the helm of the throw-away cluster reads it as it reads the chart's folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    'a values file with a mistake is refused by the schema in it',
    async () => {
      const ran = await helm('template', 'stasis', archive, ...TEMPLATE, '--set', 'image.tagg=1');
      expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('tagg') });
    },
    BOUND_MS,
  );
});
