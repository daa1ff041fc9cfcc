/**
 * Fault points: named places in a capture at which a test makes the process stop, die or hang (`make chaos`). They are off in
 * production: the command reads STASIS_FAULT_POINT once, at its start, and without that variable a fault point costs one
 * comparison. Pure.
 */

/** The fault points, in the order in which a capture passes them. */
export const FAULT_POINTS = [
  /** The guard has answered, so its journal has the record, and FROZEN may be written. */
  'after-announce',
  'before-freeze-write',
  'after-freeze-write',
  /** The freezers were read as FROZEN. */
  'frozen',
  /** This strikes once, after the first seize. */
  'between-seizes',
  'after-seize',
  /** THAWED was written, and nothing was verified yet. */
  'after-thaw-write',
  'after-thaw',
  /** This strikes once, after the first task that was waited for. */
  'between-stops',
  'in-collect',
  'in-hold',
  /** Half of the tracees are detached. */
  'in-release',
  'after-release',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/**
 * `kill`: SIGKILL of the process. `stop`: SIGSTOP of the process. `exit`: the end of the tracing thread. `hang`: a sleep in the
 * kernel.
 */
export const FAULT_ACTIONS = ['kill', 'stop', 'exit', 'hang'] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

/**
 * The request in STASIS_FAULT_POINT. With any such request the tracing thread does not practise, so that the fault strikes sooner.
 * `none` only turns the practice off.
 */
export type Fault = { readonly point: FaultPoint; readonly action: FaultAction } | 'none';

/** A fault that waits for its point, in the tracing thread. */
export interface ArmedFault {
  readonly point: FaultPoint;
  readonly strike: () => void;
}

/** How a thread harms itself and its process. */
export interface FaultMeans {
  readonly signal: (name: 'SIGKILL' | 'SIGSTOP') => void;
  readonly exitThread: () => void;
  /** Sleeps in the kernel for longer than anybody waits. */
  readonly hang: () => void;
}

export type ParsedFault =
  { readonly ok: true; readonly fault: Fault | undefined } | { readonly ok: false; readonly message: string };

/** Parses `POINT:ACTION` or `none`. An empty or missing text means no fault. */
export function parseFault(text: string | undefined): ParsedFault {
  if (text === undefined || text === '') return { ok: true, fault: undefined };
  if (text === 'none') return { ok: true, fault: 'none' };
  const [name, word, ...more] = text.split(':');
  const point = FAULT_POINTS.find((known) => known === name);
  const action = FAULT_ACTIONS.find((known) => known === word);
  if (point !== undefined && action !== undefined && more.length === 0) return { ok: true, fault: { point, action } };
  return { ok: false, message: `STASIS_FAULT_POINT: "${text}" is neither POINT:ACTION nor none` };
}

/** Arms the fault for one strike: a process that was stopped and continued goes on as if nothing had happened. */
export function armFault(fault: Fault | undefined, means: FaultMeans): ArmedFault | undefined {
  if (fault === undefined || fault === 'none') return undefined;
  const { point, action } = fault;
  let struck = false;
  return {
    point,
    strike: () => {
      if (struck) return;
      struck = true;
      harm(action, means);
    },
  };
}

function harm(action: FaultAction, means: FaultMeans): void {
  switch (action) {
    case 'kill':
      return means.signal('SIGKILL');
    case 'stop':
      return means.signal('SIGSTOP');
    case 'exit':
      return means.exitThread();
    case 'hang':
      return means.hang();
    default:
      return action satisfies never;
  }
}

/** Marks a fault point. Does nothing unless this fault point was asked for. */
export function faultPoint(context: { readonly fault?: ArmedFault | undefined }, point: FaultPoint): void {
  if (context.fault?.point === point) context.fault.strike();
}
