/**
 * What has to happen before Stasis is taken away: with no controller left, nothing else removes a finalizer, and one that
 * stays keeps its object, the object's namespace and the kind itself in Terminating for ever.
 *
 * The order is what makes it safe. First the controller stops, so that nothing is dispatched and no finalizer set any more;
 * users may go on creating Checkpoints, which then carry none. Then captures end while their agents still have the
 * permission to report (Helm removes agents and permissions in the same moment). Then Checkpoints get their end, for with
 * the kinds kept they would else be carried out by whoever installs Stasis again. Finalizers go last. Each step may be
 * repeated: a run that was cut short is done again from the start.
 */
import { describeError } from '../kube/result.js';
import { endCaptures } from './uninstall-captures.js';
import { endCheckpoints } from './uninstall-checkpoints.js';
import { releaseAll } from './uninstall-finalizers.js';
import { stopController } from './uninstall-controller.js';
import { disownLeases } from './uninstall-leases.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

const STEPS: readonly (readonly [string, (uninstalling: Uninstalling) => Promise<StepResult>])[] = [
  ['stop the controller', stopController],
  ['end captures', endCaptures],
  ['end Checkpoints', endCheckpoints],
  ['take finalizers off', releaseAll],
  ['disown leases', disownLeases],
];

/** Whether nothing is left that would need the controller. Logs each step; never throws for what the server answers. */
export async function uninstall(uninstalling: Uninstalling): Promise<boolean> {
  let complete = true;
  for (const [step, run] of STEPS) {
    const result = await run(uninstalling);
    if (result.ok) uninstalling.log.info('step done', { step });
    else {
      complete = false;
      uninstalling.log.error('step failed', { step, error: describeError(result.error) });
      // Without the controller's end, whatever comes next could be undone by it.
      if (run === stopController) break;
    }
  }
  return complete;
}
