/**
 * Renders the report of a capture as one HTML page that needs nothing else: no network, no file beside it.
 *
 * Everything is in the page as HTML that needs no script, but for the tree, which page/ draws from the data at the end of the
 * page. The policy of the page allows one script and one style, by their hashes, and nothing to be loaded or sent. What the
 * capture says is escaped where it is read (read-values.ts) and again where it becomes HTML (html.ts). Pure.
 */
import type { Checkpoint, PodCapture as StoredCapture } from '../../api/kinds.js';
import type { DeepReadonly, PodCapture } from '../../api/podcapture.js';
import { PAGE } from './generated/page.js';
import { element, embedJson, join, trusted, type Child, type Html } from './html.js';
import { processTable } from './process-table.js';
import type { PageData } from './page-data.js';
import { readCapture, type Facts } from './read-capture.js';
import { textOf } from './read-values.js';
import { conditionsSection, containersSection, marksSection, unfrozenSection } from './sections.js';
import { askedSection, code, count, figures, foundSection, heading } from './summary.js';
import { timelineSection } from './timeline.js';
import { makeTreeData } from './tree-data.js';
import { treeFrame } from './tree-frame.js';

export interface ReportInput {
  /** As the API server has it, or with the status of the artifact. It may come from anybody: no field is trusted. */
  readonly capture: PodCapture | DeepReadonly<StoredCapture>;
  readonly checkpoint?: DeepReadonly<Checkpoint>;
  /** Whether the tree is whole: it was not cut, or it comes from the artifact. */
  readonly wholeTree: boolean;
  /** The version of Stasis that makes the page. */
  readonly version: string;
  /** Why the tree is cut, in a sentence. */
  readonly note?: string;
}

export function renderReport(input: ReportInput): string {
  const facts = readCapture(input.capture, input.checkpoint);
  const data = makeTreeData(facts.containers, facts.rows);
  const title = `Stasis report: ${facts.pod.name ?? facts.name}`;
  const sections = [
    section('summary', 'Summary', join([figures(facts, data), pairOf(askedSection(facts), foundSection(facts))])),
    section('timeline', 'Timeline', timelineSection(facts)),
    section('unusual', 'What is unusual', marksSection(data)),
    section('processes', 'Processes', join([cutNotice(facts, input), treeFrame(data)])),
    section('unfrozen', 'What would not freeze', unfrozenSection(facts, input.wholeTree)),
    section('containers', 'Containers', containersSection(facts)),
    section('conditions', 'Conditions', conditionsSection(facts)),
  ];
  const page = element(
    'html',
    { lang: 'en' },
    head(title),
    element(
      'body',
      {},
      element('a', { class: 'skip', href: '#processes' }, 'Skip to the processes'),
      heading(facts),
      navigation(),
      element('main', {}, ...sections),
      element('script', { type: 'application/json', id: 'data' }, embedJson(data)),
      element('script', {}, trusted(PAGE.script)),
      paper(data),
      footer(input),
    ),
  );
  return `<!doctype html>\n${page.text}\n`;
}

function head(title: string): Html {
  const policy =
    `default-src 'none'; script-src 'sha256-${PAGE.scriptHash}'; style-src 'sha256-${PAGE.styleHash}'; ` +
    "base-uri 'none'; form-action 'none'";
  return element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('meta', { name: 'referrer', content: 'no-referrer' }),
    element('title', {}, title),
    element('style', {}, trusted(PAGE.style)),
  );
}

const LINKS = [
  ['summary', 'Summary'],
  ['timeline', 'Timeline'],
  ['unusual', 'Unusual'],
  ['processes', 'Processes'],
  ['unfrozen', 'Would not freeze'],
  ['containers', 'Containers'],
  ['conditions', 'Conditions'],
] as const;

function navigation(): Html {
  const links = LINKS.map(([id, text]) => element('a', { href: `#${id}` }, text));
  return element('nav', { 'aria-label': 'Sections' }, ...links);
}

function section(id: string, title: string, content: Child): Html {
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    content,
  );
}

function pairOf(one: Html, other: Html): Html {
  return element('div', { class: 'pair' }, element('div', {}, one), element('div', {}, other));
}

/**
 * The processes once more, for paper and for a browser without scripts. The script, which hides this on the screen, comes
 * before it: the browser would lay out the long table first otherwise, which takes longer than everything else.
 */
function paper(data: PageData): Html {
  return element('div', { class: 'paper' }, section('list', 'All processes', processTable(data)));
}

/** Says that the tree is cut, and which command gets the whole. */
function cutNotice(facts: Facts, { wholeTree, note }: ReportInput): Html | undefined {
  if (wholeTree) return undefined;
  const { rows, counts, artifact } = facts;
  const all = counts.processes === undefined ? 'the' : count(counts.processes);
  return element(
    'div',
    { class: 'warning' },
    element(
      'p',
      {},
      element('strong', {}, 'The tree is cut. '),
      `This page has ${count(rows.length)} of ${all} processes, and long lists of threads are cut, too. ${textOf(note) ?? ''}`,
    ),
    artifact === undefined
      ? undefined
      : element(
          'p',
          {},
          'This command prints the whole, for who may exec into the pods of the agents: ',
          code(artifact.command),
        ),
  );
}

function footer({ version, wholeTree }: ReportInput): Html {
  return element(
    'footer',
    {},
    element(
      'p',
      {},
      `Made by Stasis ${textOf(version, 64) ?? ''} from a PodCapture${wholeTree ? '' : ' whose tree is cut'}. `,
      'This page loads nothing and sends nothing. ',
      'Processes choose their own names: characters that could deceive a reader are shown as escapes such as ',
      code('\\u{202e}'),
      '. docs/report.md explains the page.',
    ),
  );
}
