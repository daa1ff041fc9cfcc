/** The names of objects on the command line, in kubectl's forms `NAME` and `KIND/NAME`. */
import { refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import { POD_KINDS } from './pod-kinds.js';

/** A subdomain as in RFC 1123, which the name of a pod, a Checkpoint and a PodCapture is: labels with dots between them. */
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_NAME = 253;
/** The same in words. */
export const NAME_RULE = `at most ${LONGEST_NAME} lower-case letters, digits, hyphens and dots, with a letter or a digit at both ends of each part`;

const CHECKPOINT_KINDS = [
  'checkpoint',
  'checkpoints',
  'ckpt',
  'checkpoint.stasis.dev',
  'checkpoints.stasis.dev',
] as const;
const CAPTURE_KINDS = ['podcapture', 'podcaptures', 'podcapture.stasis.dev', 'podcaptures.stasis.dev'] as const;

/** The kinds that people name in place of a pod. */
const WORKLOADS = ['deployment', 'deploy', 'statefulset', 'sts', 'daemonset', 'ds', 'replicaset', 'rs', 'job', 'node'];

/** A Checkpoint, or the capture of one pod. */
export interface CaptureName {
  readonly kind: 'checkpoint' | 'podcapture';
  readonly name: string;
}

/** Reads `pod/web-0`, or `web-0`. */
export function checkPodName(words: readonly string[]): Checked<string> {
  const one = onlyWord(joinKind(words, [...POD_KINDS, ...WORKLOADS]), 'the pod is missing, as in: pod/web-0');
  if (!one.ok) return one;
  const { kind, name } = split(one.value);
  if (kind !== undefined && !POD_KINDS.some((known) => known === kind))
    return refuse(`${quoteValue(one.value)} names a ${kind}; only pods can be captured, as in: pod/${name}`);
  return checkName(name);
}

/** Reads `web-x7k2p`, `checkpoint/web-x7k2p` or `podcapture/web-0f8fad5bd9`. A name alone is that of a Checkpoint. */
export function checkCaptureName(words: readonly string[]): Checked<CaptureName> {
  const missing = 'the name of a Checkpoint is missing; to see them: kubectl stasis list';
  const one = onlyWord(joinKind(words, [...CHECKPOINT_KINDS, ...CAPTURE_KINDS, ...POD_KINDS]), missing);
  if (!one.ok) return one;
  const { kind, name } = split(one.value);
  const checked = checkName(name);
  if (!checked.ok) return checked;
  if (kind === undefined || CHECKPOINT_KINDS.some((known) => known === kind))
    return { ok: true, value: { kind: 'checkpoint', name } };
  if (CAPTURE_KINDS.some((known) => known === kind)) return { ok: true, value: { kind: 'podcapture', name } };
  return refuse(`${quoteValue(one.value)} names a ${kind}, and not a Checkpoint; to see them: kubectl stasis list`);
}

/** Like {@link checkCaptureName}, where a PodCapture will not do. */
export function checkCheckpointName(words: readonly string[]): Checked<string> {
  const named = checkCaptureName(words);
  if (!named.ok) return named;
  if (named.value.kind === 'checkpoint') return { ok: true, value: named.value.name };
  return refuse('a PodCapture is the work of a Checkpoint; name the Checkpoint; to see them: kubectl stasis list');
}

/** kubectl takes `pod web-0` as well as `pod/web-0`. */
function joinKind(words: readonly string[], kinds: readonly string[]): readonly string[] {
  const [first, second, ...more] = words;
  const isKind = first !== undefined && kinds.includes(first.toLowerCase());
  return isKind && second !== undefined && !second.includes('/') ? [`${first}/${second}`, ...more] : words;
}

function onlyWord([word, another]: readonly string[], missing: string): Checked<string> {
  if (word === undefined) return refuse(missing);
  if (another !== undefined) return refuse(`unexpected argument ${quoteValue(another)}`);
  return { ok: true, value: word };
}

function split(word: string): { readonly kind?: string; readonly name: string } {
  const [first = '', ...rest] = word.split('/');
  return rest.length === 0 ? { name: first } : { kind: first.toLowerCase(), name: rest.join('/') };
}

/** Checks the name of an object as the API server does. */
export function checkName(name: string): Checked<string> {
  return name.length <= LONGEST_NAME && NAME.test(name)
    ? { ok: true, value: name }
    : refuse(`${quoteValue(name)} cannot be the name of an object: ${NAME_RULE}`);
}
