/** Connects the plugin to the cluster that its flags and the kubeconfig name, as kubectl does. */
import type { ClusterFlags } from './cluster-flags.js';
import type { Connected } from './surroundings.js';

/** Prepares a connection. No request is sent yet, so that the result tells only whether the kubeconfig can be used. */
export async function connectCluster(flags: ClusterFlags, version: string): Promise<Connected> {
  // The libraries take most of the time that the plugin needs to start, and help and completion do not need them.
  const { connect } = await import('../../kube/connect.js');
  const { namespace, requestTimeoutMs, ...choice } = flags;
  const { as: user, asGroup: groups = [], kubeconfig: file, context, cluster, user: entry } = choice;
  try {
    const kubeconfig = {
      ...(file === undefined ? {} : { file }),
      ...(context === undefined ? {} : { context }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(entry === undefined ? {} : { user: entry }),
      ...(user === undefined ? {} : { impersonate: { user, groups } }),
    };
    const connection = await connect({
      kubeconfig,
      userAgent: `kubectl-stasis/${version} (${process.platform}/${process.arch})`,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    });
    return {
      ok: true,
      cluster: {
        api: connection,
        namespace: namespace ?? connection.namespace ?? 'default',
        serverName: connection.serverName,
        exec: async (request) => {
          const { execInPod } = await import('../../kube/exec.js');
          return await execInPod(connection.execAccess, request);
        },
        close: async () => await connection.close(),
      },
    };
  } catch (error) {
    const [message = 'unknown failure'] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { ok: false, message: `${message}; see: ${lookAt(message)}` };
  }
}

/** The command that shows what the kubeconfig has. */
function lookAt(message: string): string {
  if (message.includes('has no cluster named')) return 'kubectl config get-clusters';
  if (message.includes('has no user named')) return 'kubectl config get-users';
  return 'kubectl config get-contexts';
}
