/**
 * The steps that take long: those that only a first run takes (`once`), and the stages of the tests. The Makefile says
 * which target takes which steps, and due.mjs which of them are still to be done. `seconds` is how long the whole step
 * takes on an idle machine with two processors; where `of` things are counted, fewer things take less, and nothing takes
 * less than `least`. A step with `processors` takes less on more of them.
 */
import { availableParallelism } from 'node:os';

export const STEPS = {
  tools: { title: 'installing', seconds: 30, once: true },
  npm: { title: 'installing npm packages', seconds: 25, once: true },
  compile: { title: 'compiling', seconds: 15, once: true },
  'image-base': { title: 'making the image layer base', seconds: 20, once: true },
  'image-dependencies': { title: 'making the image layer dependencies', seconds: 10, once: true },
  modules: { title: 'fetching Go modules', seconds: 60, of: 330, least: 5, once: true },
  kubernetes: { title: 'building Kubernetes', seconds: 360, of: 2734, least: 20, once: true, processors: true },
  helm: { title: 'building Helm', seconds: 60, of: 800, least: 10, once: true, processors: true },
  programs: { title: 'fetching', seconds: 15, once: true },
  'machine-tools': { title: 'fetching', seconds: 20, once: true },
  machine: { title: 'making the disk of the systemd node', seconds: 60, once: true },
  node24: { title: 'fetching Node 24', seconds: 10, once: true },
  check: { title: 'the fast gate', seconds: 120 },
  kernel: { title: 'real-kernel tests', seconds: 420 },
  'kernel-node24': { title: 'unit and real-kernel tests on Node 24', seconds: 420 },
  image: { title: 'image tests', seconds: 20 },
  cluster: { title: 'cluster tests', seconds: 360 },
  e2e: { title: 'end-to-end tests', seconds: 480 },
  'e2e-systemd': { title: 'end-to-end tests on the systemd node', seconds: 300 },
  demo: { title: 'a cluster, Stasis in it, a pod captured', seconds: 40 },
};

/** The step NAME; a name that the table has not is a mistake in a Makefile. */
export function stepOf(name) {
  if (!(name in STEPS)) throw new Error(`scripts/progress/steps.mjs has no step ${name}`);
  return STEPS[name];
}

/** How long the step takes on this machine, by what is known before it begins; `total` is how many things it does, 0 for all. */
export function usualSeconds(name, total = 0, processors = availableParallelism()) {
  const step = stepOf(name);
  const share = total > 0 && step.of !== undefined ? total / step.of : 1;
  return Math.max(
    step.least ?? 0,
    (step.seconds * share * (step.processors ? 2 : 1)) / (step.processors ? processors : 1),
  );
}
