/** Creates a Checkpoint, and finds out whether it was created where the answer was lost. */
import { CHECKPOINTS, type Checkpoint, type CheckpointSpec } from '../../api/kinds.js';
import { after, linkAbort, withDeadline } from '../../kube/abort.js';
import { isAlreadyExists, isObjectGone, type KubeError, type KubeResult } from '../../kube/result.js';
import { afterSignal } from './exit-codes.js';
import { describeRefusal, isUnknownKind } from './refusal.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { fail } from './with-cluster.js';

/** The field manager of what the plugin creates and changes. */
export const FIELD_MANAGER = 'kubectl-stasis';
/** As RBAC names it. */
export const CHECKPOINT_RESOURCE = 'checkpoints.stasis.dev';

/** The name of a Checkpoint is the value of a label, which has at most 63 characters: this, a hyphen, and five more. */
const LONGEST_PREFIX = 57;
/** How many names are tried. That one of them is taken happens once in ten million times. */
const MOST_NAMES = 3;
/** After Ctrl-C, the answer is waited for so long: it tells whether there is something to undo. */
const PATIENCE_MILLISECONDS = 3_000;

export interface Wanted {
  /** Default: the name of the pod and five random characters. */
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: CheckpointSpec & { readonly podName: string };
}

export type Created =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

type Parts = Pick<Surroundings, 'clock' | 'signal' | 'suffix' | 'terminal'> & {
  /** Nobody wants to know any more whether a Checkpoint was created whose answer was lost. */
  readonly giveUp?: AbortSignal;
};

/** A creation that was sent. */
interface Sent {
  readonly name: string;
  readonly wanted: Wanted;
  /** By the monotonic clock. */
  readonly at: number;
}

/** Tells whose Checkpoint it is that has a name that the user chose. Nothing of Stasis reads it. */
const CREATED_BY_ANNOTATION = 'stasis.dev/created-by';
/** The API server carries out no request for longer than a minute (--request-timeout), so nothing appears after this time. */
const APPEARS_MILLISECONDS = 65_000;
/** At least so long the name is looked for, and one look may take as much. */
const LOOK_MILLISECONDS = 5_000;
const LOOK_EVERY_MILLISECONDS = 1_000;

/**
 * Creates the Checkpoint. A server whose kind lacks one of the fields refuses it, instead of dropping the field silently.
 *
 * The name is made here, and not by the server (generateName): where the answer is lost, it tells whether there is a Checkpoint that
 * nobody would let go. A signal ends the waiting only after some seconds, for the same reason.
 */
export async function createCheckpoint(parts: Parts, cluster: Cluster, asked: Wanted): Promise<Created> {
  const { clock, signal, suffix } = parts;
  const wanted = marked(asked, suffix);
  const at = clock.monotonic();
  if (signal.aborted) return { ok: false, message: 'interrupted before anything was created' };
  const link = linkAbort();
  const over = new AbortController();
  const interrupt = (): void => void after(clock, PATIENCE_MILLISECONDS, over.signal, () => link.abort());
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    for (let tried = 1; ; tried += 1) {
      const name = wanted.name ?? `${prefixOf(wanted.spec.podName)}-${suffix()}`;
      const answer = await create(cluster, name, wanted, link.signal);
      if (answer.ok) return { ok: true, checkpoint: answer.value };
      const { error } = answer;
      if (wanted.name === undefined && isAlreadyExists(error) && tried < MOST_NAMES) continue;
      if (!mayBeCarriedOut(error)) return { ok: false, message: refusalOfCreate(error, cluster, name) };
      return await lookFor(parts, cluster, { name, wanted, at }, error);
    }
  } finally {
    over.abort();
    signal.removeEventListener('abort', interrupt);
  }
}

/** Says why nothing was created. */
export async function notCreated(
  surroundings: Pick<Surroundings, 'terminal' | 'signal'>,
  message: string,
): Promise<number> {
  const status = await fail(surroundings, message);
  return surroundings.signal.aborted ? afterSignal(String(surroundings.signal.reason)) : status;
}

function create(
  { api, namespace }: Cluster,
  name: string,
  { annotations, spec }: Wanted,
  signal: AbortSignal,
): Promise<KubeResult<Checkpoint>> {
  const metadata = { namespace, name, ...(annotations === undefined ? {} : { annotations }) };
  const options = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', signal } as const;
  return api.create(CHECKPOINTS, { metadata, spec }, options);
}

/** The part of a name before a hyphen ends in a letter or a digit. */
function prefixOf(podName: string): string {
  return podName.slice(0, LONGEST_PREFIX).replace(/[-.]+$/, '');
}

/** The errors of a connection that was never made. */
const NEVER_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT|certificate|CERT_/;

/** Whether the server may have carried the request out although there is no answer. */
function mayBeCarriedOut(error: KubeError): boolean {
  const { code, reason, message, foreign } = error;
  // An API server without the kinds of Stasis answers with a text.
  if (code !== undefined) return code >= 500 || (foreign === true && !isUnknownKind(error));
  return reason !== 'Credentials' && !NEVER_SENT.test(message);
}

/** A name with five random characters is that of this command. One that the user chose needs a mark. */
function marked(wanted: Wanted, suffix: () => string): Wanted {
  if (wanted.name === undefined || wanted.spec.hold === undefined) return wanted;
  const mark = { [CREATED_BY_ANNOTATION]: `kubectl-stasis-${suffix()}` };
  return { ...wanted, annotations: { ...wanted.annotations, ...mark } };
}

/**
 * Finds out whether the Checkpoint was created. Where it would hold a pod, it is looked for until it can no longer appear, also after
 * a signal: what appears is released by the caller then.
 */
async function lookFor(
  { clock, terminal, giveUp }: Parts,
  { api, namespace, serverName }: Cluster,
  { name, wanted, at }: Sent,
  error: KubeError,
): Promise<Created> {
  const holds = wanted.spec.hold !== undefined;
  const end = Math.max(holds ? at + APPEARS_MILLISECONDS : 0, clock.monotonic() + LOOK_MILLISECONDS);
  const message = refusalOfCreate(error, { namespace, serverName }, name);
  for (let told = false; ; told = true) {
    const isLast = giveUp?.aborted === true || clock.monotonic() >= end;
    const found = await withDeadline(
      clock,
      LOOK_MILLISECONDS,
      undefined,
      async (signal) => await api.get(CHECKPOINTS, { namespace, name, signal }),
    );
    if (found.ok && isOurs(found.value, wanted)) return { ok: true, checkpoint: found.value };
    const isAbsent = found.ok ? wanted.spec.hold !== undefined : isObjectGone(found.error, CHECKPOINTS, name);
    if (isAbsent && !holds) return { ok: false, message };
    if (isLast) {
      // It was looked for until nothing could appear any more.
      if (isAbsent && giveUp?.aborted !== true) return { ok: false, message: `${message}; nothing was created` };
      return { ok: false, message: `${message}; ${whatMayBeLeft(name, namespace, wanted)}` };
    }
    if (!told && holds)
      await terminal.say(
        `no answer to the creation of Checkpoint ${name}; looks for it for up to ${Math.ceil((end - clock.monotonic()) / 1000)} s, so that it does not hold the pod unseen`,
      );
    await clock.sleep(LOOK_EVERY_MILLISECONDS, giveUp);
  }
}

function isOurs({ metadata }: Checkpoint, { name, spec, annotations }: Wanted): boolean {
  if (name === undefined) return true;
  const mark = annotations?.[CREATED_BY_ANNOTATION];
  return spec.hold !== undefined && metadata.annotations?.[CREATED_BY_ANNOTATION] === mark;
}

function whatMayBeLeft(name: string, namespace: string, { spec: { hold } }: Wanted): string {
  const unknown = `it is not known whether Checkpoint ${name} was created`;
  if (hold === undefined) return `${unknown}; to see it: kubectl stasis tree ${name} -n ${namespace}`;
  return `${unknown}; it would hold the pod for ${hold.seconds} s; to let the pod go: kubectl stasis release ${name} -n ${namespace}`;
}

function refusalOfCreate(
  error: KubeError,
  { namespace, serverName }: Pick<Cluster, 'namespace' | 'serverName'>,
  name: string,
): string {
  if (isAlreadyExists(error))
    return `there is a Checkpoint ${JSON.stringify(name)} already; choose another --name, or leave it out`;
  if (error.message.includes('unknown field'))
    return `the Stasis of this cluster is older than this plugin and does not know a part of the request (${error.message}); upgrade Stasis, or leave that option out`;
  return describeRefusal(error, { verb: 'create', resource: CHECKPOINT_RESOURCE, namespace, serverName });
}
