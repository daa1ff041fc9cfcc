import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PodCapture } from '../../../../src/api/podcapture.js';
import { CAUSES } from '../../../../src/cli/report/causes.js';
import { MARK_KINDS, NOTE_KINDS } from '../../../../src/cli/report/mark-kinds.js';
import { renderReport, type ReportInput } from '../../../../src/cli/report/report.js';
import { REPOSITORY } from '../../../kernel/harness/programs.js';
import { ATTACK, hostile } from '../../../report/hostile.js';
import { CHECKPOINT, large } from '../../../report/more-samples.js';
import { incident } from '../../../report/samples.js';
import { condition, podCapture, processRow } from '../../builders.js';

const render = (input: Partial<ReportInput>): string =>
  renderReport({ capture: incident(), wholeTree: true, version: '1.2.3', ...input });

/** The words of the page without its markup, script and style. */
function words(html: string): string {
  return html
    .replace(/<(script|style)[^>]*>[^]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

describe('the policy of the page', () => {
  const html = render({});

  test('allows the one script and the one style by their hashes, and nothing else', () => {
    const [, script = ''] = /<script>([^]*?)<\/script>/.exec(html) ?? [];
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; script-src 'sha256-${sha256(script)}'; style-src 'sha256-${sha256(style)}'; base-uri 'none'; form-action 'none'`,
    );
    expect(script.length).toBeGreaterThan(5000);
  });

  test('comes before everything that it applies to, and needs no attribute of style or of events', () => {
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style>'));
    expect(html.replace(/<script[^]*?<\/script>/g, '')).not.toMatch(/ (style|on\w+)=/);
  });

  test('has nothing to load: no address but those of the sections', () => {
    const markup = html.replace(/<(script|style)[^>]*>[^]*?<\/\1>/g, '');
    expect(markup).not.toMatch(/ (src|srcset|action|data|poster)=/);
    expect([...markup.matchAll(/href="([^"]*)"/g)].every(([, to = '']) => to.startsWith('#'))).toBe(true);
    expect(html).not.toMatch(/url\(|@import/);
  });

  test('is of the script and the style in src/cli/report/page', () => {
    expect(() =>
      execFileSync(process.execPath, ['scripts/generate-report-page.mjs', '--check'], {
        cwd: REPOSITORY,
        stdio: 'pipe',
      }),
    ).not.toThrow();
  });
});

describe('renderReport()', () => {
  test('says what was asked and found', () => {
    const text = words(render({ checkpoint: CHECKPOINT }));
    for (const part of [
      'Pod web-7d9c5b8f6-k2x9v',
      'Captured The tasks were held, read and released.',
      'docs/errors.md#captured',
      'INC-2291',
      'at most 10m00.000s',
      'of at most 200.000ms',
      '10.407ms',
      'ended: HoldElapsed',
      '2026-11-27T22:14:03.204117Z',
      'found frozen, left frozen',
      'not to scale',
      '89µs of the pause lie between the phases.',
      'Made by Stasis 1.2.3',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('says what would not freeze, why, and what to do', () => {
    const text = words(render({}));
    expect(text).toContain('52931');
    expect(text).toContain(CAUSES.Uninterruptible.why);
    expect(text).toContain('nfs4_proc_getattr');
  });

  test('says that a tree is cut, why, and which command prints the whole', () => {
    const { status, ...rest } = incident();
    const artifact = { path: '/a', sizeBytes: 1, sha256: 'ab', command: "kubectl exec 'x' -- stasis artifact 7" };
    const capture = { ...rest, status: { ...status, processes: 4000, artifact } };
    const html = render({ capture, wholeTree: false, note: 'You may not exec into the agent.' });
    expect(words(html)).toContain(
      'This page has 16 of 4,000 processes, and long lists of threads are cut, too. You may not exec into the agent.',
    );
    expect(html).toContain('kubectl exec &#39;x&#39; -- stasis artifact 7');
    expect(words(render({}))).not.toContain('The tree is cut');
  });

  test('says that a release is not proved', () => {
    const released = condition({
      type: 'Released',
      status: 'Unknown',
      reason: 'FreezerNotRestored',
      message: 'nobody knows',
    });
    const capture = podCapture({ conditions: [condition(), released] });
    expect(words(render({ capture }))).toContain('Not proved to be released: FreezerNotRestored. nobody knows');
  });

  test('needs no more than a name: a capture without a status is no error', () => {
    const text = words(render({ capture: { metadata: { name: 'x' } } as unknown as PodCapture }));
    expect(text).toContain('The capture does not say what came of it.');
    expect(text).toContain('The capture has no process.');
  });

  test('prints the first 1,000 processes, and says how many of the others are unusual', () => {
    const html = render({ capture: large(2000) });
    expect(words(html)).toContain('This table has the first 1,000 of 2,000 processes. Of the others, 1 are unusual');
    expect(html.match(/<th scope="row"><span class="lines">/g)).toHaveLength(1000);
  });

  test('lets no text of a capture become markup', () => {
    const html = render({ capture: hostile() as PodCapture, wholeTree: false, note: ATTACK, version: ATTACK });
    expect(html).not.toContain('<img');
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(html.match(/<style|<\/style/g)).toHaveLength(2);
    expect(html).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(words(html)).toContain('\\u{202e}txt.exe\\u{2066}');
  });

  test('is bounded, however long a command line is', () => {
    const cmdline = Array.from({ length: 100 }, () => 'x'.repeat(131_072));
    const tree = Array.from({ length: 20 }, (_, index) =>
      processRow({ pid: index + 1, cmdline, exe: 'e'.repeat(1 << 20) }),
    );
    expect(render({ capture: podCapture({ tree }) }).length).toBeLessThan(500_000);
  });

  test('throws for no value at all', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (status, row) => {
        const capture = {
          metadata: { name: 'x' },
          status: { tree: [row], containers: [row], conditions: [row], unfrozen: [row] },
        };
        expect(render({ capture: capture as unknown as PodCapture })).toContain('</html>');
        expect(render({ capture: { status } as unknown as PodCapture })).toContain('</html>');
      }),
      { numRuns: 100 },
    );
  });
});

describe('the documents', () => {
  test('docs/errors.md has the same words for each cause', () => {
    const errors = readFileSync(join(REPOSITORY, 'docs/errors.md'), 'utf8').replaceAll('`', '');
    for (const [cause, { why, todo }] of Object.entries(CAUSES))
      expect(errors).toContain(`| ${cause} | ${why} | ${todo} |`);
  });

  test('docs/report.md has every kind of mark', () => {
    const report = readFileSync(join(REPOSITORY, 'docs/report.md'), 'utf8');
    for (const { title } of Object.values({ ...MARK_KINDS, ...NOTE_KINDS })) expect(report).toContain(`| ${title} |`);
  });
});

const many = <Item>(item: (index: number) => Item): Item[] =>
  Array.from({ length: 200_000 }, (_, index) => item(index));
const withStatus = (status: object): string => {
  const capture = incident();
  return words(render({ capture: { ...capture, status: { ...capture.status, ...status } } }));
};

describe('a capture with lists that are far too long', () => {
  test.each([
    ['conditions', { conditions: many(() => condition()) }],
    ['containers', { containers: many((index) => ({ name: 'app', cgroupPath: `/${index}` })), tree: [] }],
    ['unfrozen', { unfrozen: many((tid) => ({ tid, comm: 'dd', state: 'D', cause: 'Kernel', stack: ['f'] })) }],
  ])('becomes a page that says how many %s it leaves out', (_name, status) => {
    expect(withStatus(status)).toContain('This table has the first 2,000 of 200,000 rows.');
  });

  test('becomes a page, also with one long stack, and as many users as processes', () => {
    const stack = many((index) => `frame_${index}`);
    expect(withStatus({ unfrozen: [{ tid: 1, comm: 'dd', state: 'D', cause: 'Kernel', stack }] })).toContain(
      'frame_199999',
    );
  });
});
