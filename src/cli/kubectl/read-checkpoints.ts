/** Reads all Checkpoints of a namespace, or of all namespaces, page by page. */
import { CHECKPOINTS, type Checkpoint } from '../../api/kinds.js';
import { listPages } from '../../kube/list-pages.js';
import { isExpired, type KubeError } from '../../kube/result.js';
import { describeRefusal } from './refusal.js';
import type { Cluster, Surroundings } from './surroundings.js';

/** As kubectl asks for. The pages of the controller begin with fewer, because its memory is small. */
const PAGE = 500;
/** A list that takes longer than the server keeps its moment (5 minutes) starts again. */
const ATTEMPTS = 3;

export interface Selection {
  readonly allNamespaces: boolean;
  readonly podName?: string;
  readonly labelSelector?: string;
}

export type Read =
  | { readonly ok: true }
  /** The message is one line for people. */
  | { readonly ok: false; readonly message: string };

/**
 * Calls `begin` before the first Checkpoint, and `take` with each. A list that starts again calls `begin` again. What `take` does not
 * keep is in memory for one page only.
 */
export async function readCheckpoints(
  { terminal, signal }: Pick<Surroundings, 'terminal' | 'signal'>,
  { api, namespace, serverName }: Cluster,
  { allNamespaces, podName, labelSelector }: Selection,
  { begin, take }: { readonly begin: () => void; readonly take: (checkpoint: Checkpoint) => void },
): Promise<Read> {
  const where = allNamespaces ? {} : { namespace };
  const plain = { ...where, ...(labelSelector === undefined ? {} : { labelSelector }), signal };
  let selector = podName === undefined ? {} : { fieldSelector: `spec.podName=${podName}` };
  const onPage = async (count: number): Promise<void> => {
    if (terminal.redraws) await terminal.progress(`${count} Checkpoints read`);
  };
  for (let attempt = 1; ; attempt += 1) {
    begin();
    const keep = (checkpoint: Checkpoint): undefined => {
      if (podName === undefined || checkpoint.spec?.podName === podName) take(checkpoint);
    };
    const listed = await listPages(api, CHECKPOINTS, { ...plain, ...selector }, keep, { firstPage: PAGE, onPage });
    if (listed.ok) {
      await terminal.clearProgress();
      return { ok: true };
    }
    const { error } = listed;
    if (isExpired(error) && attempt < ATTEMPTS) continue;
    if (isUnknownField(error) && selector.fieldSelector !== undefined) {
      selector = {};
      continue;
    }
    return {
      ok: false,
      message: describeRefusal(error, { verb: 'list', resource: 'checkpoints.stasis.dev', ...where, serverName }),
    };
  }
}

/** Kubernetes before 1.31 does not know the selectable fields of a custom resource. */
function isUnknownField({ code, message }: KubeError): boolean {
  return code === 400 && message.includes('field label not supported');
}
