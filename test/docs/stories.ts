/**
 * The stories that the documents tell: what a test runs as written, and where. A story is all blocks of one document
 * with the mark `run: NAME`, in their order, in one shell. Pure.
 */
import { fencesOf } from './markdown.js';
import { parseMark } from './marks.js';
import { type Command, commandsOf, withWords } from './session.js';

export interface Story {
  readonly name: string;
  /** The documents that tell it. Each is run by itself. */
  readonly documents: RegExp;
  /** `here`: without a cluster. `cluster`: where Stasis is installed. `empty cluster`: where it is not. */
  readonly where: 'here' | 'cluster' | 'empty cluster';
  /** Commands that the reader has run before the first block. */
  readonly before?: readonly string[];
  /** The story changes values of the release, which are set back afterwards. */
  readonly changesRelease?: true;
}

const WEB: readonly string[] = [
  'kubectl apply -f examples/web.yaml',
  'kubectl wait --for=condition=Ready pod/web --timeout=60s',
];

const CAPTURED: readonly string[] = [
  ...WEB,
  'kubectl apply -f examples/checkpoint.yaml',
  'kubectl wait --for=condition=Finished checkpoint/web --timeout=60s',
];

export const STORIES: readonly Story[] = [
  { name: 'make-help', documents: /^CONTRIBUTING\.md$/, where: 'here' },
  { name: 'readme', documents: /^README\.md$/, where: 'cluster', before: WEB },
  { name: 'hold', documents: /^docs\/hold\.md$/, where: 'cluster', before: WEB },
  { name: 'budget', documents: /^docs\/alerts\.md$/, where: 'cluster', changesRelease: true },
  { name: 'pod-security', documents: /^docs\/security\.md$/, where: 'cluster' },
  { name: 'artifact', documents: /^docs\/command\.md$/, where: 'cluster', before: CAPTURED },
  { name: 'troubleshooting', documents: /^docs\/troubleshooting\.md$/, where: 'cluster', before: WEB },
  { name: 'runbook', documents: /^docs\/runbooks\//, where: 'cluster', before: CAPTURED },
  { name: 'migration', documents: /^docs\/examples\/measure-before-migration\.md$/, where: 'cluster' },
  { name: 'forensics', documents: /^docs\/examples\/forensics\.md$/, where: 'cluster' },
  { name: 'snapshot', documents: /^docs\/examples\/snapshot\.md$/, where: 'cluster' },
  { name: 'quick-start', documents: /^docs\/quick-start\.md$/, where: 'empty cluster' },
  { name: 'chart-helm', documents: /^deploy\/helm\/README\.md$/, where: 'empty cluster' },
  { name: 'chart-kubectl', documents: /^deploy\/helm\/README\.md$/, where: 'empty cluster' },
];

/** Lists the names of the stories that a document may tell. */
export function storiesOf(document: string): string[] {
  return STORIES.filter(({ documents }) => documents.test(document)).map(({ name }) => name);
}

/** Lists the commands of a story in a document. */
export function commandsOfStory(name: string, text: string): Command[] {
  return fencesOf(text).flatMap((fence) => {
    const mark = parseMark(fence.comment);
    if (mark?.kind !== 'run' || mark.story !== name) return [];
    return commandsOf(fence).map((command) => withWords(command, mark.words));
  });
}
