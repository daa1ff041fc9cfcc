/** Draws the timeline: a table of the phases, each with its bar on one common line. Pure. */
import { formatMicroseconds } from '../duration.js';
import { timingMeaning, timingName } from '../render-phases.js';
import { element, join, table, type Html } from './html.js';
import type { Facts } from './read-capture.js';
import { placePhases, type Bar, type Timeline } from './timeline-scale.js';

export function timelineSection({ durations, containers, overrun, freezeSkew }: Facts): Html {
  const timeline = placePhases(
    durations,
    containers.map(({ freezer }) => freezer),
  );
  if (timeline === undefined) {
    return element('p', {}, 'No phase took place: nothing was frozen, and nothing was traced.');
  }
  const { phases, freezing, pause } = timeline;
  const rows = phases.map(({ phase, microseconds, ...bar }) =>
    line(`${phase}Microseconds`, microseconds, track(bar, phase, timeline)),
  );
  if (freezing !== undefined) rows.push(sumLine('freezing', durations.freezing, track(freezing, 'freezing', timeline)));
  if (pause !== undefined) rows.push(sumLine('pause', durations.pause, track(pause, 'pause', timeline)));
  const lines = element(
    'div',
    { class: 'timeline' },
    table('Timeline of the phases', HEADINGS, [['', axis(timeline), '', ''], ...rows]),
  );
  return join([lines, notes(timeline, overrun, freezeSkew)]);
}

const HEADINGS = ['Phase', 'Timeline', 'Time', 'What happens'];

function line(field: Parameters<typeof timingName>[0], microseconds: number, drawn: Html): Html[] {
  return [
    element('span', {}, timingName(field)),
    drawn,
    element('span', { class: 'number' }, formatMicroseconds(microseconds)),
    element('span', { class: 'quiet' }, timingMeaning(field)),
  ];
}

function sumLine(name: 'freezing' | 'pause', microseconds: number, drawn: Html): Html[] {
  const [first, ...others] = line(`${name}Microseconds`, microseconds, drawn);
  return [element('strong', {}, first), ...others];
}

/** The width is in percent, so that the drawing has the width of its column while nothing in it is stretched. */
function track(bar: Bar, kind: string, { broken, ticks }: Timeline): Html {
  const rect = (from: number, to: number): Html =>
    element('rect', { class: `bar ${kind}`, x: `${from}%`, width: `${to - from}%`, y: 4, height: 10, rx: 1 });
  const crosses = broken !== undefined && bar.from <= broken.from && bar.to >= broken.to;
  const middle = crosses ? (broken.from + broken.to) / 2 : 0;
  return element(
    'svg',
    { class: 'track', width: '100%', height: 18, 'aria-hidden': 'true' },
    ...ticks.map(({ at }) => element('line', { class: 'grid', x1: `${at}%`, x2: `${at}%`, y1: 0, y2: 18 })),
    rect(bar.from, bar.to),
    ...(crosses ? [element('svg', { x: `${middle}%`, overflow: 'visible' }, cut())] : []),
  );
}

/** Two slanted strokes, the sign of a line that is broken. */
function cut(): Html {
  return element('path', { class: 'cut', d: 'M -5 17 L -1 1 L 5 1 L 1 17 Z' });
}

function axis({ ticks, broken }: Timeline): Html {
  return element(
    'svg',
    { class: 'track', width: '100%', height: 18, 'aria-hidden': 'true' },
    ...ticks.map(({ at }) => element('line', { class: 'grid', x1: `${at}%`, x2: `${at}%`, y1: 0, y2: 18 })),
    ...ticks.map(({ at, microseconds }) => label(at, microseconds === 0 ? '0' : formatTick(microseconds))),
    ...(broken === undefined ? [] : [label((broken.from + broken.to) / 2, 'not to scale', 'middle')]),
  );
}

function label(at: number, text: string, anchor = 'start'): Html {
  const dx = anchor === 'start' ? 3 : 0;
  return element('text', { class: 'tick', x: `${at}%`, dx, y: 13, 'text-anchor': anchor }, text);
}

/** Ticks are round numbers: `2ms`, not `2.000ms`. */
function formatTick(microseconds: number): string {
  return formatMicroseconds(microseconds).replace(/\.?0+(?=m?s$)/, '');
}

function notes({ broken, between }: Timeline, overrun: number | undefined, freezeSkew: number | undefined): Html {
  const sentences = [
    broken === undefined
      ? 'The line is to scale. A bar is at least 3 pixels wide, so that it can be seen.'
      : 'The line is to scale but for the hold: it is so long that nothing else could be seen beside it, and the line is broken there. A bar is at least 3 pixels wide.',
    'The phases are drawn one after the other, without the time between them.',
    ...(between > 0 ? [`${formatMicroseconds(between)} of the pause lie between the phases.`] : []),
    ...(freezeSkew === undefined
      ? []
      : [`From the first container frozen to the last one ${formatMicroseconds(freezeSkew)} passed.`]),
  ];
  const over =
    overrun === undefined
      ? undefined
      : element(
          'p',
          { class: 'warning' },
          `The pause exceeded its budget by ${formatMicroseconds(overrun)}: a kernel call or the release took longer than expected.`,
        );
  return join([over, element('p', { class: 'quiet' }, sentences.join(' '))]);
}
