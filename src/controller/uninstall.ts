/**
 * The steps before Stasis is uninstalled. Without a controller, nobody removes Stasis's finalizers, and an object that
 * keeps one stays in Terminating for ever, and so do its namespace and the kind itself.
 *
 * The order of the steps makes them safe. First the controller stops, so that nothing more is dispatched and no
 * finalizer is added; a Checkpoint that a user creates after that has none. Then the captures end while their agents
 * still have the permission to report (Helm removes agents and permissions at the same time). Then the Checkpoints end:
 * if the CRDs are kept, the next installation of Stasis would otherwise carry them out. The finalizers are removed
 * last. Each step may be repeated, so an interrupted run simply starts again.
 */
import { describeError } from '../kube/result.js';
import { endCaptures } from './uninstall-captures.js';
import { endCheckpoints } from './uninstall-checkpoints.js';
import { releaseAll } from './uninstall-finalizers.js';
import { controllerStayedStopped, stopController } from './uninstall-controller.js';
import { handOverLeases } from './uninstall-leases.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';
import { uninstallWanted } from './uninstall-wanted.js';

const STEPS: readonly (readonly [string, (uninstalling: Uninstalling) => Promise<StepResult>])[] = [
  ['stop the controller', stopController],
  ['end captures', endCaptures],
  ['end Checkpoints', endCheckpoints],
  ['take finalizers off', releaseAll],
  ['hand leases over to the service account', handOverLeases],
  ['see that the controller stayed stopped', controllerStayedStopped],
];

/**
 * Returns whether all steps succeeded, or none was wanted. Logs each step. Never throws because of an answer of the
 * server.
 */
export async function uninstall(uninstalling: Uninstalling): Promise<boolean> {
  const { log, controller } = uninstalling;
  const wanted = await uninstallWanted(uninstalling);
  if (!wanted.ok) {
    log.error('cannot tell whether an uninstall is wanted', { error: describeError(wanted.error) });
    return false;
  }
  if (!wanted.value.wanted) {
    log.warn('nothing done: this Job was not made by an installer that uninstalls Stasis', {
      controller,
      ...wanted.value.why,
    });
    return true;
  }
  let complete = true;
  for (const [step, run] of STEPS) {
    const result = await run(uninstalling);
    if (result.ok) uninstalling.log.info('step done', { step });
    else {
      complete = false;
      uninstalling.log.error('step failed', { step, error: describeError(result.error) });
      // While the controller still runs, it could undo the later steps.
      if (run === stopController) break;
    }
  }
  return complete;
}
