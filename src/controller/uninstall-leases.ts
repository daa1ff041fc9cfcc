/** Last step of an uninstall: the Leases, which the chart did not create, are deleted together with its objects. */
import { heartbeatLeaseName } from '../api/kinds.js';
import { LEASES } from '../kube/lease.js';
import { isNotFound, success } from '../kube/result.js';
import type { Resource } from '../kube/types.js';
import { LEADER_LEASE } from './leader-lease.js';
import { changeEach, listAll, patiently } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

const SERVICE_ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  namespaced: true,
  kind: 'ServiceAccount',
};

/**
 * Makes the agents' service account the owner of Stasis's Leases, so that the garbage collector deletes them after the
 * account. Deleting them here would not help: an agent that renews its Lease would create it again. Helm deletes
 * permissions before service accounts, so no agent can do that once the account is gone.
 */
export async function handOverLeases(uninstalling: Uninstalling): Promise<StepResult> {
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
