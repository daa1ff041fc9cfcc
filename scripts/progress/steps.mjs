/**
 * The steps that take long: those that only a first run takes (`once`), and the stages of the tests. The Makefile says
 * which target takes which steps, and due.mjs which of them are still to be done. `seconds` is how long the whole step
 * takes on an idle machine with two processors; where `of` things are counted, fewer things take less, and nothing takes
 * less than `least`. A step with `processors` takes less on more of them. `downloads` and `disk` are in MB, as measured on
 * an empty Debian with all caches empty.
 */
import { availableParallelism } from 'node:os';

export const STEPS = {
  tools: { title: 'installing', once: true, seconds: 30, downloads: 52, disk: 240 },
  npm: { title: 'installing npm packages', once: true, seconds: 25, downloads: 90, disk: 400 },
  compile: { title: 'compiling', once: true, seconds: 15, disk: 80 },
  'image-base-amd64': {
    title: 'making the image layer base for amd64',
    once: true,
    seconds: 15,
    downloads: 60,
    disk: 150,
  },
  'image-dependencies-amd64': {
    title: 'making the image layer dependencies for amd64',
    once: true,
    seconds: 8,
    disk: 5,
  },
  'image-base-arm64': {
    title: 'making the image layer base for arm64',
    once: true,
    seconds: 15,
    downloads: 60,
    disk: 150,
  },
  'image-dependencies-arm64': {
    title: 'making the image layer dependencies for arm64',
    once: true,
    seconds: 8,
    disk: 5,
  },
  modules: { title: 'fetching Go modules', once: true, seconds: 25, of: 330, least: 5, downloads: 180, disk: 1000 },
  kubernetes: {
    title: 'building Kubernetes',
    once: true,
    seconds: 415,
    of: 2734,
    least: 20,
    processors: true,
    disk: 4100,
  },
  'kubernetes-oldest': {
    title: 'building the oldest Kubernetes',
    once: true,
    seconds: 360,
    of: 2734,
    least: 20,
    processors: true,
    disk: 3000,
  },
  containerd: {
    title: 'building containerd',
    once: true,
    seconds: 60,
    of: 700,
    least: 10,
    processors: true,
    disk: 500,
  },
  runc: { title: 'building runc', once: true, seconds: 20, of: 300, least: 5, processors: true, disk: 100 },
  'containerd-arm64': {
    title: 'building containerd for arm64',
    once: true,
    seconds: 90,
    of: 900,
    least: 10,
    processors: true,
    disk: 500,
  },
  'kubelet-arm64': {
    title: 'building kubelet for arm64',
    once: true,
    seconds: 240,
    of: 1700,
    least: 20,
    processors: true,
    disk: 1500,
  },
  helm: { title: 'building Helm', once: true, seconds: 100, of: 800, least: 10, processors: true, disk: 1100 },
  helm4: { title: 'building Helm 4', once: true, seconds: 100, of: 900, least: 10, processors: true, disk: 1100 },
  programs: { title: 'fetching', once: true, seconds: 10, downloads: 37, disk: 150 },
  'programs-oldest': { title: 'fetching', once: true, seconds: 10, downloads: 37, disk: 150 },
  'machine-tools': { title: 'fetching', once: true, seconds: 10, downloads: 33, disk: 150 },
  machine: { title: 'making the disk of the systemd node', once: true, seconds: 60, downloads: 120, disk: 700 },
  promtool: { title: 'fetching promtool', once: true, seconds: 5, downloads: 19, disk: 95 },
  prometheus: {
    title: 'building Prometheus',
    once: true,
    seconds: 150,
    of: 1000,
    least: 10,
    processors: true,
    downloads: 60,
    disk: 900,
  },
  'machine-tools-arm64': { title: 'fetching', once: true, seconds: 10, downloads: 78, disk: 400 },
  'machine-arm64': { title: 'making the disk of the arm64 node', once: true, seconds: 180, downloads: 120, disk: 700 },
  node24: { title: 'fetching Node 24', once: true, seconds: 10, downloads: 52, disk: 130 },
  check: { title: 'the fast gate', seconds: 180 },
  alerts: { title: 'tests of the alert rules', seconds: 50 },
  kernel: { title: 'real-kernel tests', seconds: 420 },
  'kernel-node24': { title: 'unit and real-kernel tests on Node 24', seconds: 450 },
  image: { title: 'image tests', seconds: 120 },
  dashboards: { title: 'dashboard and report page tests', seconds: 110 },
  cluster: { title: 'cluster tests', seconds: 470 },
  e2e: { title: 'end-to-end tests', seconds: 1050 },
  'e2e-oldest': { title: 'end-to-end tests on the oldest Kubernetes', seconds: 270 },
  'e2e-systemd': { title: 'end-to-end tests on the systemd node', seconds: 820 },
  arm64: { title: 'tests on an emulated arm64 node', seconds: 1200 },
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
  const slowness = step.processors ? 2 / processors : 1;
  return Math.max(step.least ?? 0, step.seconds * share * slowness);
}
