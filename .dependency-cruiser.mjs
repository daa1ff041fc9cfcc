/** The import laws of docs/architecture.md. Each law has a sentence that says why. */
import { pureFiles } from './scripts/pure-files.mjs';

const PURE = pureFiles().map((file) => `^${file.replaceAll('.', '\\.')}$`);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'only-libc-imports-koffi',
      comment:
        'One file declares foreign functions, so that one file has to be audited and errno is read in one place.',
      severity: 'error',
      from: { path: '^(src|test)/', pathNot: '^src/native/libc\\.ts$' },
      to: { path: '(^|/)koffi($|/)' },
    },
    {
      name: 'native-knows-no-kubernetes',
      comment: 'The seam to the kernel must run and be tested without a cluster, and without our own upper floors.',
      severity: 'error',
      from: { path: '^src/native/' },
      to: { path: '^src/(api|controller|node-agent|cli)/|@kubernetes/client-node' },
    },
    {
      name: 'controller-stays-unprivileged',
      comment: 'The controller runs without any privilege; it may not even link the code that needs one.',
      severity: 'error',
      from: { path: '^src/controller/' },
      to: { path: '^src/(native|node-agent|cli)/' },
    },
    {
      name: 'agent-knows-no-controller',
      comment: 'Agent and controller share the API, not code: they meet in the API server alone.',
      severity: 'error',
      from: { path: '^src/node-agent/' },
      to: { path: '^src/(controller|cli)/' },
    },
    {
      name: 'only-kube-reaches-the-api-server',
      comment:
        'One place makes connections, and keeps their timeouts, credentials and retries; the others ask its KubeApi.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kube/' },
      to: { path: '(^|/)(@kubernetes/client-node|undici|ws)($|/)' },
    },
    {
      name: 'kube-knows-nobody',
      comment:
        'It is what controller and node agent stand on; it knows the API of Kubernetes, not what they do with it.',
      severity: 'error',
      from: { path: '^src/kube/' },
      to: { path: '^src/(controller|node-agent|native|cli)/' },
    },
    {
      name: 'pod-knows-nobody',
      comment:
        'The rules about pods are the same for the controller, which refuses, and for the plugin, which tells beforehand; they know neither.',
      severity: 'error',
      from: { path: '^src/pod/' },
      to: { path: '.', pathNot: '^src/(pod|api|kube)/' },
    },
    {
      name: 'only-the-service-knows-kubernetes',
      comment: 'What holds a pod must work without an API server, as it does for stasis checkpoint.',
      severity: 'error',
      from: { path: '^src/node-agent/', pathNot: '^src/node-agent/service/' },
      to: { path: '^src/(kube/|node-agent/service/)|(^|/)(prom-client|express)($|/)' },
    },
    {
      name: 'plugin-is-a-client',
      comment:
        'The plugin runs on the machines of users, and reaches a cluster only through the API: it carries no code that needs a node or a service account.',
      severity: 'error',
      from: { path: '^src/cli/(kubectl|report)/' },
      to: { path: '^src/(controller|node-agent|native)/' },
    },
    {
      name: 'stasis-knows-no-plugin',
      comment: 'The image of controller and agents does not contain the plugin (deploy/image/application.sh).',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/(kubectl|report)/' },
      to: { path: '^src/cli/(kubectl|report)/' },
    },
    {
      name: 'pure-stays-pure',
      comment:
        'Pure files are tested by value: no I/O, no clock, no process. A file is pure when its header comment says so (scripts/pure-files.mjs).',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-imports-pure',
      comment: 'A pure file that imports an impure one is not pure.',
      severity: 'error',
      from: { path: PURE },
      to: { path: '^src/', pathNot: PURE },
    },
    {
      name: 'capture-reaches-the-kernel-by-its-seam',
      comment:
        'Between freeze and release every file is reached through Kernel, where the law of what may be read is kept.',
      severity: 'error',
      from: {
        path: '^src/node-agent/(capture/|(cgroup/(freezer|list-tasks|nest)|report/(report|empty-report|pod-capture)|tracer/watchdog)\\.ts$)',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'capture-stands-alone',
      comment:
        'What runs while a pod is held fits in one room: nobody has to read the threads, the parsing or the search to judge it.',
      severity: 'error',
      from: { path: '^src/node-agent/capture/' },
      to: { path: '^src/node-agent/((tracer|report|resolve|service|doctor)/|cgroup/(files|freezer-look)\\.ts$)' },
    },
    {
      name: 'cgroup-stands-below',
      comment: 'Files of cgroups are read by every room; the reading depends on none of them.',
      severity: 'error',
      from: { path: '^src/node-agent/cgroup/' },
      to: { path: '^src/node-agent/(capture|tracer|report|resolve|service|doctor)/' },
    },
    {
      name: 'report-comes-after-the-capture',
      comment:
        'A report is made of the bytes of a capture; who carried it out, and on which thread, is no matter to it.',
      severity: 'error',
      from: { path: '^src/node-agent/report/' },
      to: { path: '^src/node-agent/(tracer|resolve|service|doctor)/' },
    },
    {
      name: 'resolve-touches-nothing',
      comment: 'Finding the cgroups of a request happens while the pod runs, and shares no code with what stops it.',
      severity: 'error',
      from: { path: '^src/node-agent/resolve/' },
      to: { path: '^src/node-agent/(capture|tracer|report|service|doctor)/' },
    },
    {
      name: 'tracer-serves-command-and-service',
      comment: 'The threads are used by the command and by the service alike, so they know neither.',
      severity: 'error',
      from: { path: '^src/node-agent/tracer/' },
      to: { path: '^src/node-agent/(service|doctor)/' },
    },
    {
      name: 'report-script-is-self-contained',
      comment: 'The script of the report page runs in a browser: it shares pure code with the page alone.',
      severity: 'error',
      from: { path: '^src/cli/report/page/' },
      to: { path: '.', pathNot: '^src/cli/(report/|render-escape|render-forest)' },
    },
    {
      name: 'nothing-imports-a-main',
      comment: 'Wiring is a leaf: importing a file does nothing.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(main|[a-z-]+\\.worker)\\.ts$' },
    },
    {
      name: 'src-knows-no-test',
      comment:
        'The product does not depend on its tests, nor on the sources of its dashboards, which are not in the image.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|deploy)/' },
    },
    {
      name: 'dashboards-know-the-api-alone',
      comment:
        'A dashboard is text: it needs the reasons and phases of the API, and the package that knows the format.',
      severity: 'error',
      from: { path: '^deploy/dashboards/' },
      to: {
        path: '.',
        pathNot: '^(deploy/dashboards|src/api)/|(^|/)@grafana/grafana-foundation-sdk/',
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'Files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans-of-packages',
      comment: 'What is imported stands in package.json, so that the lock file pins it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
    extraExtensionsToScan: [],
  },
};
