/**
 * Fault points: named places in a capture at which a test has the process stop, die or hang (`make chaos`). Off in production: the
 * command reads STASIS_FAULT_POINT once, at its start, and without it a fault point costs one comparison. Pure.
 */

/** In the order in which a capture comes by. */
export const FAULT_POINTS = [
  /** The guard has answered, and so its journal has the record: FROZEN may be written. */
  'after-announce',
  'before-freeze-write',
  'after-freeze-write',
  /** FROZEN was read. */
  'frozen',
  /** Once, after the first of them. */
  'between-seizes',
  'after-seize',
  /** The freezer was written to, and nothing was verified. */
  'after-thaw-write',
  'after-thaw',
  /** Once, after the first of them. */
  'between-stops',
  'in-collect',
  'in-hold',
  /** Half of the tracees are detached. */
  'in-release',
  'after-release',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** `kill`: SIGKILL of the process. `stop`: SIGSTOP of it. `exit`: the end of the tracing thread. `hang`: a sleep in the kernel. */
export const FAULT_ACTIONS = ['kill', 'stop', 'exit', 'hang'] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

/**
 * What STASIS_FAULT_POINT asks for. A process that is to be harmed does not practise, so that it is harmed sooner. `none`
 * asks for this alone.
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
  /** Sleeps in the kernel, for longer than anybody waits. */
  readonly hang: () => void;
}

export type ParsedFault =
  { readonly ok: true; readonly fault: Fault | undefined } | { readonly ok: false; readonly message: string };

/** Reads `POINT:ACTION` or `none`. No text: no fault. */
export function parseFault(text: string | undefined): ParsedFault {
  if (text === undefined || text === '') return { ok: true, fault: undefined };
  if (text === 'none') return { ok: true, fault: 'none' };
  const [name, word, ...more] = text.split(':');
  const point = FAULT_POINTS.find((known) => known === name);
  const action = FAULT_ACTIONS.find((known) => known === word);
  if (point !== undefined && action !== undefined && more.length === 0) return { ok: true, fault: { point, action } };
  return { ok: false, message: `STASIS_FAULT_POINT: "${text}" is neither POINT:ACTION nor none` };
}

/** Arms it, for one strike: a process that was stopped and continued goes on as if nothing had been. */
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

/** Marks a place. Does nothing unless this very point was asked for. */
export function faultPoint(context: { readonly fault?: ArmedFault | undefined }, point: FaultPoint): void {
  if (context.fault?.point === point) context.fault.strike();
}
