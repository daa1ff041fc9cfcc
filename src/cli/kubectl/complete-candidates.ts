/** The candidates for a place of a command line: words of the program itself, of the kubeconfig, and of the cluster. */
import { CHECKPOINTS, PODCAPTURES } from '../../api/kinds.js';
import { REASONS } from '../../api/reasons.js';
import type { KubeObject, Resource } from '../../kube/types.js';
import { isPlainWord } from './complete-word.js';
import { listedWords, longName, optionsOf, type Located } from './complete-place.js';
import { SHELLS } from './completion-scripts.js';
import { isOver } from './hold-state.js';
import { POD_KINDS } from './pod-kinds.js';
import type { Cluster, Surroundings } from './surroundings.js';

export interface Candidate {
  readonly word: string;
  readonly about?: string;
}

export interface Candidates {
  readonly words: readonly Candidate[];
  /** Whether the shell may complete names of files, and after `--` commands. */
  readonly files?: true;
  /** Whether the shell puts no space after the word. */
  readonly noSpace?: true;
}

interface Pod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] };
}

const PODS: Resource<Pod> = { group: '', version: 'v1', plural: 'pods', namespaced: true, kind: 'Pod' };
const NODES: Resource = { group: '', version: 'v1', plural: 'nodes', namespaced: false, kind: 'Node' };
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false, kind: 'Namespace' };

/** Names of this many objects are asked for at a time. */
const PAGE = 500;

/** The place that is completed, and the cluster that has the names. */
interface Source {
  readonly located: Located;
  readonly surroundings: Pick<Surroundings, 'connect'>;
  readonly over: AbortSignal;
}

/** May reject: what cannot be had is not completed. */
export async function candidatesFor(
  located: Located,
  word: string,
  surroundings: Pick<Surroundings, 'connect'>,
  over: AbortSignal,
): Promise<Candidates> {
  const source = { located, surroundings, over };
  const { place } = located;
  switch (place.kind) {
    case 'afterwards':
      return { words: [], files: true };
    case 'nothing':
      return { words: [] };
    case 'command': {
      const commands = place.command.createHelp().visibleCommands(place.command);
      return starting(
        word,
        commands.map((each) => ({ word: each.name(), about: each.summary() || each.description() })),
      );
    }
    case 'option':
      return options(located, word);
    case 'argument': {
      const words = await argumentWords(place, word, source);
      const open = words.filter((each) => isPlainWord(each) && !located.operands.includes(each));
      const found = starting(word, plain(open));
      // The name of the object comes right behind its kind.
      const onlyKinds = found.words.length > 0 && found.words.every((each) => each.word.endsWith('/'));
      return onlyKinds ? { ...found, noSpace: true } : found;
    }
    case 'value': {
      const { option, before, value } = place;
      const found = await valueWords(longName(option), option.flags, option.description, source);
      if (found === 'files') return { words: [], files: true };
      const words = found.filter(isPlainWord);
      return starting(word, plain(words.filter((each) => each.startsWith(value)).map((each) => `${before}${each}`)));
    }
    default:
      return place satisfies never;
  }
}

function starting(word: string, candidates: readonly Candidate[]): Candidates {
  return { words: candidates.filter((each) => each.word.startsWith(word)) };
}

function plain(words: readonly string[]): readonly Candidate[] {
  return words.map((word) => ({ word }));
}

/** An option that was given is offered again only where its description says that it may be repeated. */
function options({ command, place }: Located, word: string): Candidates {
  const given = place.kind === 'option' ? place.given : new Set<string>();
  const open = optionsOf(command).filter(
    (option) => !given.has(longName(option)) || option.description.includes('more than once'),
  );
  return starting(
    word,
    open.map((option) => ({ word: longName(option), about: option.description })),
  );
}

async function valueWords(
  name: string,
  flags: string,
  description: string,
  source: Source,
): Promise<readonly string[] | 'files'> {
  // `<file>` and `<dir>`.
  if (/<(?:file|dir|folder|path)>/.test(flags)) return 'files';
  switch (name) {
    case '--namespace':
      return await namespaces(source);
    case '--context':
      return (await entries(source)).contexts;
    case '--cluster':
      return (await entries(source)).clusters;
    case '--user':
      return (await entries(source)).users;
    case '--container':
      return await containers(source);
    case '--pod':
      return await names(PODS, source);
    case '--node':
      return await names(NODES, source);
    default:
      return listedWords(description);
  }
}

async function argumentWords(
  { name, description, afterKind }: Extract<Located['place'], { kind: 'argument' }>,
  word: string,
  source: Source,
): Promise<readonly string[]> {
  const [kind = '', rest] = word.split('/', 2);
  switch (name) {
    case 'pod': {
      const pods = await names(PODS, source);
      if (afterKind === true) return pods;
      // Both forms are understood; what a person has begun to write decides.
      return [...pods.map((each) => `${rest === undefined ? 'pod' : kind}/${each}`), ...(word === '' ? [] : pods)];
    }
    case 'name': {
      if (source.located.command.name() === 'release') return await heldNames(kind, rest, word, source);
      const resource: Resource = kind.startsWith('podcapture') ? PODCAPTURES : CHECKPOINTS;
      if (rest === undefined) return [...(await names(CHECKPOINTS, source)), ...forms(word)];
      return (await names(resource, source)).map((each) => `${kind}/${each}`);
    }
    case 'node':
      return await names(NODES, source);
    case 'reason':
      // A shell offers only what begins with the word as it was typed, and explain takes both.
      return /^[a-z]/.test(word) ? REASONS.map((reason) => reason.toLowerCase()) : REASONS;
    case 'shell':
      return SHELLS;
    default:
      return listedWords(description);
  }
}

/** Only what can be released. */
async function heldNames(
  kind: string,
  rest: string | undefined,
  word: string,
  source: Source,
): Promise<readonly string[]> {
  const held = await names(
    CHECKPOINTS,
    source,
    (checkpoint) => checkpoint.spec.hold !== undefined && !isOver(checkpoint),
  );
  if (rest !== undefined) return held.map((each) => `${kind}/${each}`);
  return [...held, ...(word === '' ? [] : ['checkpoint/'])];
}

/** `podcapture/` itself, for a person who has begun to write it. */
function forms(word: string): readonly string[] {
  return word === '' ? [] : ['checkpoint/', 'podcapture/'];
}

async function connected<T>({ located, surroundings }: Source, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const { values } = located;
  const flag = (name: string, key: string): object => {
    const value = values.get(name);
    return value === undefined ? {} : { [key]: value };
  };
  const answer = await surroundings.connect({
    ...flag('--kubeconfig', 'kubeconfig'),
    ...flag('--context', 'context'),
    ...flag('--cluster', 'cluster'),
    ...flag('--user', 'user'),
    ...flag('--namespace', 'namespace'),
    ...flag('--as', 'as'),
  });
  if (!answer.ok) throw new Error(answer.message);
  try {
    return await work(answer.cluster);
  } finally {
    await answer.cluster.close();
  }
}

/** The names of all objects, or of as many as can be had before the time is over. A test of the object needs the whole object. */
async function names<T extends KubeObject>(
  resource: Resource<T>,
  source: Source,
  isOffered?: (object: T) => boolean,
): Promise<readonly string[]> {
  return await connected(source, async ({ api, namespace }) => {
    const found: string[] = [];
    let next: string | undefined;
    do {
      const page = await api.list(resource, {
        ...(resource.namespaced ? { namespace } : {}),
        // From the cache of the API server, which answers with all of them at once, whatever the limit: 5,000 in pages took too long.
        ...(next === undefined ? { resourceVersion: '0' } : { continue: next }),
        limit: PAGE,
        metadataOnly: isOffered === undefined,
        signal: source.over,
      });
      if (!page.ok) return found;
      const offered = isOffered === undefined ? page.value.items : page.value.items.filter(isOffered);
      found.push(...offered.map(({ metadata }) => metadata.name));
      next = page.value.metadata.continue;
    } while (next !== undefined && next !== '');
    return found;
  });
}

/** A person who may not list namespaces still has those that the kubeconfig names. */
async function namespaces(source: Source): Promise<readonly string[]> {
  const found = await names(NAMESPACES, source);
  return found.length > 0 ? found : (await entries(source)).namespaces;
}

async function containers(source: Source): Promise<readonly string[]> {
  const [first = '', second] = source.located.operands;
  const operand = POD_KINDS.some((kind) => kind === first) ? (second ?? '') : first;
  const name = operand.slice(operand.indexOf('/') + 1);
  if (name === '') return [];
  return await connected(source, async ({ api, namespace }) => {
    const pod = await api.get(PODS, { namespace, name, signal: source.over });
    return pod.ok ? (pod.value.spec?.containers ?? []).map((each) => each.name) : [];
  });
}

async function entries({ located }: Source) {
  // The library takes most of the time that a completion takes.
  const { kubeconfigNames } = await import('../../kube/kubeconfig.js');
  return kubeconfigNames(located.values.get('--kubeconfig'));
}
