/** Finds the names of the captures that the nodes know by UID alone. */
import { PODCAPTURES } from '../../api/kinds.js';
import { CHECKPOINT_LABEL, POD_LABEL } from '../../api/capture-labels.js';
import { listPages } from '../../kube/list-pages.js';
import type { DoctorReport } from '../render-doctor.js';
import type { NodeAnswer } from './doctor-answer.js';
import { limited } from './limited.js';
import type { CaptureNames } from './render-nodes.js';
import type { Cluster, Surroundings } from './surroundings.js';

const AT_ONCE = 4;
const FIRST_PAGE = 500;

/** Asks about those nodes only that told of a capture. A capture that was deleted, or that the user may not list, has no name. */
export async function nameCaptures(
  { signal }: Pick<Surroundings, 'signal'>,
  { api }: Cluster,
  answers: readonly NodeAnswer[],
): Promise<CaptureNames> {
  const names = new Map<string, string>();
  const busy = answers.filter((answer) => answer.kind === 'report' && captureIds(answer.report).size > 0);
  await limited(busy, AT_ONCE, async ({ node }) => {
    const options = { metadataOnly: true, fieldSelector: `spec.nodeName=${node}`, signal };
    const listed = await listPages(api, PODCAPTURES, options, ({ metadata }) => metadata, { firstPage: FIRST_PAGE });
    if (!listed.ok) return;
    for (const { uid, namespace = '', labels = {} } of listed.value.items) {
      const [checkpoint, pod] = [labels[CHECKPOINT_LABEL], labels[POD_LABEL]];
      if (checkpoint !== undefined && pod !== undefined)
        names.set(uid, `Checkpoint ${namespace}/${checkpoint} of pod ${pod}`);
    }
  });
  return names;
}

function captureIds({ frozen, traced }: DoctorReport): ReadonlySet<string> {
  const holders = frozen.flatMap(({ holder }) => ('capture' in holder ? [holder.capture] : []));
  const tracers = traced.flatMap(({ capture }) => (capture === undefined ? [] : [capture.uid]));
  return new Set([...holders, ...tracers]);
}
