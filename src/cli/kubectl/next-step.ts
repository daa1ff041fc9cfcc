/** The command that helps most after a Checkpoint has ended with a reason. Pure. */
import type { Checkpoint } from '../../api/kinds.js';

export function nextStep(reason: string, { metadata: { namespace = '' } }: Checkpoint): string {
  return reason === 'PodNotFound' ? `kubectl get pods -n ${namespace}` : `kubectl stasis explain ${reason}`;
}
