/** A dry run: it reads everything that a capture would meet, and touches nothing. */
import { failure, type Failure } from '../pure/failure.js';
import { noRoom, readProcesses, readTasks, type Processes } from './phases/collect.js';
import { takeStatusFiles } from './first-look.js';
import { inspect } from './phases/inspect.js';
import { rawCapture } from './make-raw-capture.js';
import type { RawCapture } from './raw-capture.js';
import { tracerPidOf } from '../pure/proc-status.js';
import type { CaptureContext } from './context.js';
import { Session, type CaptureRequest, type Task } from './session.js';
import { unstoppable } from './stuck-tasks.js';
import { listTarget, unlisted } from './target-tasks.js';
import { describeTask } from './task-facts.js';

/** Reads the tree while the pod runs, and names what would stand in the way of a capture. */
export function preflight(context: CaptureContext, request: CaptureRequest): RawCapture {
  const session = new Session(context, request);
  const since = context.kernel.now();
  const obstacle = inspect(session) ?? look(session);
  session.durations.resolve = context.kernel.now() - since;
  for (const fd of takeStatusFiles(session)) context.kernel.files.close(fd);
  for (const freezer of session.freezers) freezer.close();
  return rawCapture(session, obstacle);
}

function look(session: Session): Failure | undefined {
  for (const target of session.targets) {
    const cgroups = listTarget(session, target);
    if (typeof cgroups === 'number') return unlisted(session, target, cgroups);
    for (const { directory, tids } of cgroups)
      for (const tid of tids) session.addTask(tid, target, directory, undefined);
  }
  const processes: Processes = new Map();
  const interrupted = readTasks(session, new Set(), processes);
  if (interrupted !== undefined) return interrupted;
  readProcesses(session, processes);
  for (const task of unstoppable(session, running(session))) session.unfrozen.set(task.tid, task);
  return noRoom(session) ?? traced(session);
}

/** The tasks that a capture would have to stop. A task that somebody else has frozen shows state D on v1, and is only read. */
function running(session: Session): number[] {
  const isRunning = ({ target, directory, tid }: Task): boolean =>
    target.found === 'THAWED' && !target.frozenBelow.has(directory) && !session.isLeftAlone(tid);
  return [...session.tasks.values()].filter(isRunning).map(({ tid }) => tid);
}

function traced(session: Session): Failure | undefined {
  const status = new Uint8Array(4096);
  for (const tid of session.tasks.keys()) {
    const length = session.kernel.files.readInto(`${session.request.proc}/${tid}/status`, status);
    const tracer = length > 0 ? tracerPidOf(status, length) : 0;
    if (tracer <= 0) continue;
    const [task, by] = [describeTask(session, tid), describeTask(session, tracer)];
    if (task !== undefined) session.unfrozen.set(tid, { ...task, cause: 'Traced' });
    return failure(
      'TaskAlreadyTraced',
      `task ${tid} (${task?.comm ?? 'gone'}) is traced by ${tracer} (${by?.comm ?? 'unknown'})`,
    );
  }
  return undefined;
}
