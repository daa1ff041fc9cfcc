/** The top of the page: whose capture this is, what came of it, the figures, what was asked and what was found. Pure. */
import { formatMicroseconds } from '../duration.js';
import { definitions, element, join, type Child, type Html } from './html.js';
import { explanationOf, holdEnd, notReleased, outcomeOf } from './outcome.js';
import type { PageData } from './page-data.js';
import type { Facts } from './read-capture.js';
import { countOf, fieldsOf, textOf, textsOf } from './read-values.js';

export function heading(facts: Facts): Html {
  const { pod, namespace, name, times } = facts;
  const { tone, word, sentence, reason, message } = outcomeOf(facts);
  const explanation = explanationOf(reason);
  const released = notReleased(facts);
  const place = [
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    ...(pod.node === undefined ? [] : [`node ${pod.node}`]),
    ...(times.startTime === undefined ? [] : [times.startTime]),
  ];
  return element(
    'header',
    {},
    element('p', { class: 'eyebrow' }, 'Stasis report'),
    element('h1', {}, pod.name === undefined ? `Capture ${name}` : `Pod ${pod.name}`),
    element('p', { class: 'quiet' }, place.join(' · ')),
    element(
      'div',
      { class: `outcome ${tone}` },
      element('p', {}, element('strong', { class: 'verdict' }, word), ' ', sentence),
      message === '' ? undefined : element('p', {}, message),
      explanation === undefined
        ? undefined
        : element(
            'p',
            { class: 'quiet' },
            'Reason ',
            code(reason),
            ': see ',
            code(explanation),
            ', or run ',
            code(`kubectl stasis explain ${reason}`),
          ),
    ),
    released === undefined
      ? undefined
      : element('p', { class: 'warning' }, `Not proved to be released: ${released.reason}. ${released.message}`),
  );
}

/** The figures that everybody looks for first. */
export function figures(facts: Facts, data: PageData): Html {
  const { durations, counts, unfrozen, rows } = facts;
  const unusual = data.processes.filter(({ marks }) => marks.some((mark) => data.marks[mark]?.unusual === true)).length;
  const budget = budgetOf(facts);
  const pause = durations.pause - durations.hold;
  const limit = budget === undefined ? 'without the hold' : `of at most ${budget}`;
  const threads = counts.threads ?? rows.reduce((sum, row) => sum + row.threads.length, 0);
  const held = durations.hold > 0;
  const tiles = [
    tile('Pause', formatMicroseconds(Math.max(pause, 0)), limit),
    tile(
      'Hold',
      held ? formatMicroseconds(durations.hold) : 'none',
      held ? 'while every task stood still' : 'no hold took place',
    ),
    tile('Processes', count(counts.processes ?? rows.length), plural(threads, 'thread')),
    tile(
      'Unusual',
      count(unusual),
      unusual === 1 ? 'process with a mark' : 'processes with a mark',
      unusual > 0 ? 'warn' : '',
    ),
    tile(
      'Would not freeze',
      count(unfrozen.length),
      unfrozen.length === 1 ? 'task' : 'tasks',
      unfrozen.length > 0 ? 'warn' : '',
    ),
  ];
  return element('ul', { class: 'figures', 'aria-label': 'Figures' }, ...tiles);
}

function tile(name: string, figure: string, about: string, tone = ''): Html {
  return element(
    'li',
    { class: `tile ${tone}`.trim() },
    element('span', { class: 'name' }, name),
    element('span', { class: 'figure' }, figure),
    element('span', { class: 'quiet' }, about),
  );
}

function budgetOf({ asked, settled }: Facts): string | undefined {
  const milliseconds = countOf(settled['maxPauseMilliseconds']) ?? countOf(asked['maxPauseMilliseconds']);
  return milliseconds === undefined ? undefined : formatMicroseconds(milliseconds * 1000);
}

/** The request, as far as the capture or its Checkpoint tells it. */
export function askedSection(facts: Facts): Html {
  const { asked, settled, pod, checkpoint, namespace } = facts;
  const spec = { ...settled, ...asked };
  const hold = fieldsOf(spec['hold']);
  const seconds = countOf(hold['seconds']);
  const timeout = countOf(spec['timeoutSeconds']);
  const deadline = countOf(spec['startingDeadlineSeconds']);
  const isKnown = Object.keys(spec).length > 0;
  const pairs: [string, Child][] = [
    ['Checkpoint', checkpoint?.name],
    ['Asked at', checkpoint?.created],
    ['Why', checkpoint?.reason],
    ['Pod', pod.name],
    ['Pod UID', pod.uid === undefined ? undefined : code(pod.uid)],
    ['Namespace', namespace],
    ['Node', pod.node],
    ['Containers', containersText(facts)],
    ['Freezer', isKnown ? freezerText(spec['freezer']) : undefined],
    ['Hold', isKnown ? holdText(seconds, hold['despiteProbes'] === true) : undefined],
    ['Pause at most', budgetOf(facts) ?? (isKnown ? 'no budget but the timeout' : undefined)],
    ['Freezing at most', timeout === undefined ? undefined : `${timeout} s`],
    ['Begin within', deadline === undefined ? undefined : `${deadline} s`],
    ['Dry run', isKnown ? (spec['dryRun'] === true ? 'yes: nothing is touched' : 'no') : undefined],
    ['Also collect', textsOf(spec['include']).join(', ')],
  ];
  return join([
    element('h3', {}, 'Asked'),
    isKnown ? undefined : element('p', { class: 'quiet' }, 'The capture does not say what was asked for.'),
    definitions(pairs),
  ]);
}

function containersText({ asked, settled }: Facts): string | undefined {
  const chosen = textsOf(asked['containers']);
  if (chosen.length > 0) return chosen.join(', ');
  const names = Array.isArray(settled['containers'])
    ? settled['containers'].flatMap((each) => textOf(fieldsOf(each)['name']) ?? [])
    : [];
  if (names.length === 0) return Object.keys(asked).length === 0 ? undefined : 'every running one';
  return Object.keys(asked).length === 0 ? names.join(', ') : `every running one: ${names.join(', ')}`;
}

function freezerText(freezer: unknown): string {
  return freezer === 'None' ? 'None: task by task' : 'Auto: closed while the tasks are seized';
}

function holdText(seconds: number | undefined, despiteProbes: boolean): string {
  if (seconds === undefined) return 'none: let go at once';
  return `at most ${formatMicroseconds(seconds * 1_000_000)}${despiteProbes ? ', despite probes that would restart it' : ''}`;
}

export function foundSection(facts: Facts): Html {
  const { counts, times, unfrozen, name, artifact } = facts;
  const held = holdEnd(facts);
  const number = (value: number | undefined): string | undefined => (value === undefined ? undefined : count(value));
  return join([
    element('h3', {}, 'Found'),
    definitions([
      ['Capture', name],
      ['Began', times.startTime],
      ['Stood still from', times.heldFrom],
      ['Let go from', times.heldUntil],
      ['Ended', times.completionTime],
      ['Hold', held === undefined ? undefined : `${held.status === 'True' ? 'goes on' : 'ended'}: ${held.reason}`],
      ['Processes', number(counts.processes)],
      ['Threads', number(counts.threads)],
      ['Stopped', number(counts.stopped)],
      ['Zombies', number(counts.zombies)],
      ['Joined meanwhile', number(counts.joined)],
      ['Would not freeze', count(unfrozen.length)],
      ['Artifact', artifact === undefined ? undefined : code(artifact.path)],
      ['Its SHA-256', artifact === undefined ? undefined : code(artifact.sha256)],
    ]),
    times.heldFrom === undefined
      ? undefined
      : element('p', { class: 'quiet' }, 'Times are by the clock of the node; durations are by its monotonic clock.'),
  ]);
}

export function code(text: string): Html {
  return element('code', {}, text);
}

/** With a comma after the thousands. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function plural(value: number, one: string): string {
  return `${count(value)} ${value === 1 ? one : `${one}s`}`;
}
