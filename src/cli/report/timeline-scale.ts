/**
 * Places the phases on a line. The line is to scale, but for a hold that is so long that the other phases would vanish beside
 * it: the line breaks there, and the page says so. Pure.
 */
import { PHASES, type Phase } from '../../api/podcapture.js';
import type { Durations } from './read-capture.js';

/** A part of the line, in percent of its width. */
export interface Bar {
  readonly from: number;
  readonly to: number;
}

export interface PlacedPhase extends Bar {
  readonly phase: Phase;
  readonly microseconds: number;
}

export interface Timeline {
  readonly phases: readonly PlacedPhase[];
  readonly freezing?: Bar;
  readonly pause?: Bar;
  /** The hold, where it is not to scale. */
  readonly broken?: Bar;
  /** The part of the pause that no phase measures, in microseconds. */
  readonly between: number;
  readonly ticks: readonly { readonly at: number; readonly microseconds: number }[];
}

/** A hold of more than this share of all other phases together is broken. */
const LONGEST_TO_SCALE = 3;
/** The width of a broken hold, in percent. */
const BROKEN_WIDTH = 22;
const PAUSED: readonly Phase[] = PHASES.filter((phase) => phase !== 'resolve');
const READ: readonly Phase[] = PAUSED.filter((phase) => phase !== 'hold' && phase !== 'release');

/** The tasks stop while the freezer is still closed, where every cgroup has that of v2. */
export function phaseOrder(freezers: readonly string[]): readonly Phase[] {
  const stopsFirst = freezers.length > 0 && freezers.every((freezer) => freezer === 'V2');
  if (!stopsFirst) return PHASES;
  return PHASES.flatMap((phase): Phase[] => {
    if (phase === 'cgroupThaw') return ['stop', 'cgroupThaw'];
    return phase === 'stop' ? [] : [phase];
  });
}

/** Undefined when no phase took place. */
export function placePhases(durations: Durations, freezers: readonly string[]): Timeline | undefined {
  const gone = phaseOrder(freezers).filter((phase) => durations[phase] > 0);
  if (gone.length === 0) return undefined;
  const { hold } = durations;
  const others = sum(gone, durations) - hold;
  const isBroken = hold > LONGEST_TO_SCALE * others && others > 0;
  const scale = isBroken ? (100 - BROKEN_WIDTH) / others : 100 / (others + hold);
  let at = 0;
  const phases = gone.map((phase): PlacedPhase => {
    const width = phase === 'hold' && isBroken ? BROKEN_WIDTH : durations[phase] * scale;
    const from = at;
    at = Math.min(from + width, 100);
    return { phase, from: round(from), to: round(at), microseconds: durations[phase] };
  });
  const broken = isBroken ? phases.find(({ phase }) => phase === 'hold') : undefined;
  const [freezing, pause] = [cover(phases, READ), cover(phases, PAUSED)];
  return {
    phases,
    ...(freezing === undefined || durations.freezing === 0 ? {} : { freezing }),
    ...(pause === undefined || durations.pause === 0 ? {} : { pause }),
    ...(broken === undefined ? {} : { broken: { from: broken.from, to: broken.to } }),
    between: Math.max(durations.pause - sum(PAUSED, durations), 0),
    ticks: ticksUpTo(broken?.from ?? 100, scale),
  };
}

function sum(phases: readonly Phase[], durations: Durations): number {
  return phases.reduce((total, phase) => total + durations[phase], 0);
}

/** From the first of these phases that took place to the last. */
function cover(placed: readonly PlacedPhase[], phases: readonly Phase[]): Bar | undefined {
  const own = placed.filter(({ phase }) => phases.includes(phase));
  const [first, last] = [own.at(0), own.at(-1)];
  return first === undefined || last === undefined ? undefined : { from: first.from, to: last.to };
}

/** Round numbers of microseconds, at most five, and none so near to the end that its label would not fit. */
function ticksUpTo(end: number, scale: number): Timeline['ticks'] {
  const span = end / scale;
  const power = 10 ** Math.floor(Math.log10(Math.max(span, 1)));
  const step = [0.2, 0.5, 1, 2, 5].map((factor) => factor * power).find((each) => span / each <= 5) ?? power;
  const ticks: { at: number; microseconds: number }[] = [];
  for (let microseconds = 0; microseconds * scale <= end - 6; microseconds += Math.max(step, 1)) {
    ticks.push({ at: round(microseconds * scale), microseconds });
  }
  return ticks;
}

function round(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}
