/** A dry run: everything that a capture would meet is looked at, and nothing is touched. */
import { listTasks, TASK_FILE } from '../cgroup/list-tasks.js';
import { failure, type Failure } from '../pure/failure.js';
import { readProcesses, readTasks } from './phases/collect.js';
import { inspect } from './phases/inspect.js';
import { rawCapture, type RawCapture } from './raw-capture.js';
import { tracerPidOf } from '../pure/proc-status.js';
import { Session, type CaptureContext, type CaptureRequest, type Task } from './session.js';
import { describeTask, heldByKernel } from './stuck-tasks.js';

/** Reads the tree while it runs, and names what would stand in the way of a capture. */
export function preflight(context: CaptureContext, request: CaptureRequest): RawCapture {
  const session = new Session(context, request);
  const since = context.kernel.now();
  const obstacle = inspect(session) ?? look(session);
  session.durations.resolve = context.kernel.now() - since;
  for (const freezer of session.freezers) freezer.close();
  return rawCapture(session, obstacle);
}

function look(session: Session): Failure | undefined {
  for (const target of session.targets) {
    const cgroups = listTasks(
      session.kernel.files,
      target.container.directory,
      TASK_FILE[target.container.cgroupVersion],
    );
    if (typeof cgroups === 'number') continue;
    for (const { directory, tids } of cgroups)
      for (const tid of tids) session.addTask(tid, target, directory, undefined);
  }
  const processes = new Map<number, Task>();
  readTasks(session, new Set(), processes);
  readProcesses(session, processes);
  for (const task of heldByKernel(session, [...session.tasks.keys()])) session.unfrozen.set(task.tid, task);
  return traced(session);
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
