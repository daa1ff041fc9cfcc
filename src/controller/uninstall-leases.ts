/** Last step of an uninstall: the leases, which the chart did not make, go with what it made. */
import { heartbeatLeaseName } from '../api/kinds.js';
import { LEASES } from '../kube/lease.js';
import { isNotFound, success } from '../kube/result.js';
import type { Resource } from '../kube/types.js';
import { changeEach, listAll, patiently } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/** As the controller elects its leader by it; the chart's Role names it, too. */
const LEADER_LEASE = 'stasis-controller';

const SERVICE_ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  namespaced: true,
  kind: 'ServiceAccount',
};

/**
 * Makes the agents' service account the owner of every lease of ours, so that the garbage collector takes them after it. To
 * delete them here would not do: agents go on renewing theirs, and would make them again. Helm deletes permissions before
 * service accounts, so by then no agent can.
 */
export async function disownLeases(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock, namespace, agentAccount } = uninstalling;
  const account = await patiently(clock, () => api.get(SERVICE_ACCOUNTS, { namespace, name: agentAccount }));
  if (!account.ok) return isNotFound(account.error) ? success(undefined) : account;
  const leases = await listAll(uninstalling, LEASES, { namespace });
  if (!leases.ok) return leases;
  const ours = leases.value.filter(
    ({ metadata: { name } }) => name === LEADER_LEASE || name.startsWith(heartbeatLeaseName('')),
  );
  const owner = { apiVersion: 'v1', kind: 'ServiceAccount', name: agentAccount, uid: account.value.metadata.uid };
  return await changeEach(clock, ours, ({ metadata: { name } }) =>
    api.mergePatch(LEASES, { namespace, name, patch: { metadata: { ownerReferences: [owner] } } }),
  );
}
