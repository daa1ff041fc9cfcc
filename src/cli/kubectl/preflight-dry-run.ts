/** Has an agent look at a pod by a Checkpoint that is a dry run: it touches nothing, and tells what would not stop. */
import { findCondition } from '../../api/conditions.js';
import { CHECKPOINTS, PODCAPTURES, type Checkpoint } from '../../api/kinds.js';
import { withDeadline } from '../../kube/abort.js';
import { awaitCheckpoint } from './await-checkpoint.js';
import { createCheckpoint } from './create-checkpoint.js';
import { note, obstacle, ok, unknown, type Finding } from './preflight-findings.js';
import { REASON_ANNOTATION } from './reason-annotation.js';
import type { Cluster, Surroundings } from './surroundings.js';
import { describeUnfrozen } from './unfrozen-words.js';

/** A dry run that waits for longer ends: for other Checkpoints of the pod, or for the agent. */
const STARTING_SECONDS = 60;
/** The Checkpoint goes by itself, also if the plugin is killed. */
const KEPT_SECONDS = 60;
/** The Checkpoint has no end of its own where no controller looks at it. */
const LONGEST_MILLISECONDS = 90_000;

const TOPIC = 'dry run';

export interface DryRun {
  readonly passed: boolean;
  readonly findings: readonly Finding[];
}

export interface DryRunRequest {
  readonly podName: string;
  readonly containers: readonly string[] | undefined;
  /** Says where the Checkpoint stands. Default: on the progress line. */
  readonly tell?: () => Promise<void>;
}

/** After a signal, the result has no finding. */
export async function dryRun(
  surroundings: Surroundings,
  cluster: Cluster,
  { podName, containers, tell }: DryRunRequest,
): Promise<DryRun> {
  const spec = {
    podName,
    dryRun: true,
    startingDeadlineSeconds: STARTING_SECONDS,
    ttlSecondsAfterFinished: KEPT_SECONDS,
    ...(containers === undefined ? {} : { containers: [...containers] }),
  };
  const annotations = { [REASON_ANNOTATION]: 'kubectl stasis preflight' };
  const created = await createCheckpoint(surroundings, cluster, { annotations, spec });
  if (!created.ok) return failed(obstacle(TOPIC, created.message));
  const { checkpoint } = created;
  const awaited = await withDeadline(
    surroundings.clock,
    LONGEST_MILLISECONDS,
    surroundings.signal,
    async (signal) =>
      await awaitCheckpoint(surroundings, cluster, {
        checkpoint,
        until: ({ status }) => findCondition(status?.conditions, 'Finished')?.status === 'True',
        signal,
        ...(tell === undefined ? {} : { tell }),
      }),
  );
  switch (awaited.kind) {
    case 'reached':
      return await judge(cluster, awaited.checkpoint);
    case 'gone':
      return failed(unknown(TOPIC, `somebody deleted Checkpoint ${checkpoint.metadata.name} before it had ended`));
    case 'lost':
      return failed(unknown(TOPIC, awaited.message));
    case 'interrupted':
      return surroundings.signal.aborted ? { passed: false, findings: [] } : await late(cluster, awaited.checkpoint);
    default:
      return awaited satisfies never;
  }
}

function failed(finding: Finding): DryRun {
  return { passed: false, findings: [finding] };
}

/** Nothing ends the Checkpoint, so nothing would delete it. */
async function late({ api, namespace }: Cluster, { metadata: { name }, status }: Checkpoint): Promise<DryRun> {
  await api.remove(CHECKPOINTS, { namespace, name });
  const reason = findCondition(status?.conditions, 'Succeeded')?.reason ?? 'Pending';
  const who = reason === 'Pending' ? 'the controller of Stasis has not looked at it' : `it is still ${reason}`;
  return failed(
    obstacle(TOPIC, `no result within ${LONGEST_MILLISECONDS / 1000} s: ${who}; see: kubectl stasis version`),
  );
}

async function judge({ api, namespace }: Cluster, { status }: Checkpoint): Promise<DryRun> {
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  const passed = succeeded?.status === 'True';
  const reason = succeeded?.reason ?? 'Pending';
  const sentence = passed
    ? ok(TOPIC, 'the agent looked at the pod on its node, and found nothing in the way')
    : obstacle(TOPIC, `${reason}: ${succeeded?.message ?? ''}; see: kubectl stasis explain ${reason}`);
  const name = status?.pods?.[0]?.captureName;
  if (name === undefined) return { passed, findings: [sentence] };
  const capture = await api.get(PODCAPTURES, { namespace, name });
  const tasks = capture.ok ? describeUnfrozen(capture.value.status?.unfrozen ?? []) : [];
  return { passed, findings: [sentence, ...tasks.map((words) => note(TOPIC, words))] };
}
