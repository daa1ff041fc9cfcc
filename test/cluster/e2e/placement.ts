/**
 * Controls on which node the controller's replicas run. They only prefer different nodes, and drains and lost nodes
 * bring them together.
 */
import { NODES } from '../../../src/controller/resources.js';
import type { Pod } from './pods.js';
import { PODS, until, value, type World } from './world.js';

const namespace = 'stasis-system';
const labelSelector = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=controller';

/** Makes every replica run on this node, and waits until all are ready there. */
export async function gatherControllers(world: World, nodeName: string): Promise<void> {
  const { api } = world;
  const controllers = async (): Promise<readonly Pod[]> =>
    value(await api.list(PODS, { namespace, labelSelector })).items;
  const others = value(await api.list(NODES, {})).items.filter(({ metadata }) => metadata.name !== nodeName);
  const cordon = async (unschedulable: boolean): Promise<void> => {
    for (const { metadata } of others)
      value(await api.mergePatch(NODES, { name: metadata.name, patch: { spec: { unschedulable } } }));
  };
  await cordon(true);
  try {
    for (const { metadata, spec } of await controllers())
      if (spec.nodeName !== nodeName) value(await api.remove(PODS, { namespace, name: metadata.name }));
    await until(
      `the controllers to be ready on ${nodeName}`,
      async () => ((await controllers()).every((pod) => readyOn(pod, nodeName)) ? true : undefined),
      async () => (await controllers()).map(({ metadata, spec }) => `${metadata.name}: ${spec.nodeName}`).join(', '),
    );
  } finally {
    await cordon(false);
  }
}

function readyOn({ spec, status }: Pod, nodeName: string): boolean {
  const statuses = status?.containerStatuses ?? [];
  return spec.nodeName === nodeName && statuses.length > 0 && statuses.every(({ ready }) => ready);
}
