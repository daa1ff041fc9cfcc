/** The links of the dashboards: to each other, to the documents, and to the runbook of each alert. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { PANELS, RENDERED } from './rendered.js';

const DOCS = 'https://github.com/stasis-dev/stasis/blob/main/';
const head = RENDERED.flatMap(({ links = [] }) => links);
const ofPanels = PANELS.flatMap(({ links = [] }) => links);
const urls = [...new Set([...head, ...ofPanels].map(({ url = '' }) => url))];

describe('the links', () => {
  test('lead from each dashboard to the other, by its uid, and keep the variables and the time range', () => {
    const uids = RENDERED.map(({ uid = '' }) => uid);
    for (const { uid, links = [] } of RENDERED) {
      const [other] = links.filter(({ url }) => url?.startsWith('/d/'));
      expect(other).toMatchObject({ includeVars: true, keepTime: true, targetBlank: false, type: 'link' });
      expect(uids.filter((one) => one !== uid)).toEqual([other?.url?.slice('/d/'.length)]);
    }
  });

  test('lead from each dashboard to the reasons, the alerts and its own page', () => {
    for (const { links = [] } of RENDERED) {
      const pages = links.map(({ url = '' }) => url.replace(`${DOCS}docs/`, ''));
      expect(pages.slice(1)).toEqual(['errors.md', 'alerts.md', 'dashboards.md']);
    }
  });

  test('lead to documents that exist', () => {
    const documents = urls.filter((url) => !url.startsWith('/d/'));
    expect(documents.length).toBeGreaterThan(10);
    expect(documents.filter((url) => !url.startsWith(DOCS))).toEqual([]);
    expect(documents.filter((url) => !existsSync(join(REPOSITORY, url.slice(DOCS.length))))).toEqual([]);
  });

  test('lead from some panel to the runbook of each alert', () => {
    const linked = urls.filter((url) => url.includes('/runbooks/')).map((url) => url.split('/').at(-1) ?? '');
    const runbooks = readdirSync(join(REPOSITORY, 'docs/runbooks')).filter((name) => name.startsWith('Stasis'));
    expect(linked.toSorted()).toEqual(runbooks.toSorted());
  });
});
