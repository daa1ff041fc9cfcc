/** Checks what `make release` writes: its list, that the same commit gives the same bytes, and that the SBOMs tell the truth. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

import { REPOSITORY } from '../kernel/harness/programs.js';
import { ARCHITECTURES, ARCHIVE, built, sha256, UNPACK_MS, version } from './built-image.js';
import { openImage, readJson, type OpenedImage } from './opened-image.js';

const run = promisify(execFile);
const NAME = `stasis-${version}`;
const PLUGIN = `kubectl-stasis-${version}`;
const BOUND_MS = 300_000;

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly object[];
}

interface Sbom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let directory: string;
let release: string;
let image: OpenedImage;
beforeAll(async () => {
  if (!built) return;
  directory = mkdtempSync(join(tmpdir(), 'stasis-release-test-'));
  release = join(directory, 'first');
  await write(release, '022', { TZ: 'Asia/Tokyo' });
  image = openImage(ARCHIVE, join(directory, 'image'));
}, BOUND_MS + UNPACK_MS);
afterAll(() => {
  if (built) rmSync(directory, { recursive: true, force: true });
});

async function write(folder: string, umask: string, env: Readonly<Record<string, string>>): Promise<void> {
  const command = ['-c', 'umask "$1" && exec sh deploy/release/release.sh "$2"', 'sh', umask, folder];
  // The tests also run before the commit.
  await run('sh', command, { cwd: REPOSITORY, env: { ...process.env, DIRTY: '1', ...env } });
}

/** The names of the files with this ending in a folder of deploy/, which may not be there. */
function sources(folder: string, ending: string): string[] {
  return readdirSync(join(REPOSITORY, 'deploy'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path === `${folder}/${basename(path)}` && path.endsWith(ending))
    .map((path) => basename(path));
}

function sbom(architecture: string): Sbom {
  return readJson(join(release, `${NAME}.${architecture}.cdx.json`)) as Sbom;
}

(built ? describe : describe.skip)('the release', () => {
  test('release.sh writes the image, the chart, the CRDs, every dashboard, the alerts, the plugin, the SBOMs and their checksums', () => {
    const expected = [
      'SHA256SUMS',
      'stasis.yaml',
      `${PLUGIN}.cdx.json`,
      `${PLUGIN}.tar.gz`,
      ...['oci.tar', 'tgz', 'crds.yaml'].map((ending) => `${NAME}.${ending}`),
      ...ARCHITECTURES.map((architecture) => `${NAME}.${architecture}.cdx.json`),
      ...sources('dashboards', '.json').map((file) => `${NAME}.dashboard.${file}`),
      ...sources('alerts', '.yaml').map((file) => `${NAME}.${file.replace(/^stasis\./, '')}`),
    ];
    expect(readdirSync(release).sort()).toEqual(expected.sort());
    const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: release,
      encoding: 'utf8',
    });
    expect(checked.match(/: OK$/gm)).toHaveLength(expected.length - 1);
    expect(sha256(readFileSync(join(release, `${NAME}.oci.tar`)))).toBe(sha256(readFileSync(ARCHIVE)));
  });

  test(
    'release.sh writes the same bytes again, whatever the umask, the time zone and the language of the user',
    async () => {
      const second = join(directory, 'second');
      mkdirSync(second);
      await write(second, '077', { TZ: 'America/New_York', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' });
      expect(readFileSync(join(second, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(release, 'SHA256SUMS'), 'utf8'));
      for (const file of readdirSync(release))
        expect(sha256(readFileSync(join(second, file)))).toBe(sha256(readFileSync(join(release, file))));
    },
    BOUND_MS,
  );

  test('the file of the CRDs holds those of deploy/crds, and nothing else', () => {
    const documents = parseAllDocuments(readFileSync(join(release, `${NAME}.crds.yaml`), 'utf8'));
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const crds = documents.map((document) => document.toJS() as { kind: string; metadata: { name: string } });
    expect(crds.map(({ kind }) => kind)).toEqual(sources('crds', '.yaml').map(() => 'CustomResourceDefinition'));
    expect(crds.map(({ metadata }) => metadata.name)).toEqual(['checkpoints.stasis.dev', 'podcaptures.stasis.dev']);
  });

  test('no text of the release names a path or a registry of the machine that wrote it', () => {
    const texts = readdirSync(release).filter((file) => !/\.(?:oci\.tar|tgz|tar\.gz)$/.test(file));
    const chart = execFileSync('tar', ['-xzOf', join(release, `${NAME}.tgz`)], { encoding: 'utf8' });
    const all = [...texts.map((file) => readFileSync(join(release, file), 'utf8')), chart].join('\n');
    expect(all.includes(REPOSITORY)).toBe(false);
    expect(all.match(/https?:\/\/[^\s"']*registry[^\s"']*/g)).toBeNull();
  });
});

(built ? describe : describe.skip)('the plugin of the release', () => {
  test('the archive has the plugin, its licences and no owner, at its top', () => {
    const listing = execFileSync('tar', ['-tvzf', join(release, `${PLUGIN}.tar.gz`), '--numeric-owner'], {
      encoding: 'utf8',
    });
    const entries = listing
      .trim()
      .split('\n')
      .map((line) => /^(\S+) (\S+) .* (\S+)$/.exec(line)?.slice(1, 4));
    expect(entries).toEqual([
      ['-rw-r--r--', '0/0', 'LICENSE'],
      ['-rw-r--r--', '0/0', 'THIRD-PARTY-LICENSES'],
      ['-rwxr-xr-x', '0/0', 'kubectl-stasis'],
      ['-rwxr-xr-x', '0/0', 'kubectl_complete-stasis'],
    ]);
  });

  test("the manifest of krew names the archive by its checksum, and obeys krew's rules", () => {
    const { apiVersion, kind, metadata, spec } = parse(readFileSync(join(release, 'stasis.yaml'), 'utf8')) as {
      apiVersion: string;
      kind: string;
      metadata: { name: string };
      spec: { version: string; shortDescription: string; platforms: Record<string, unknown>[] };
    };
    expect({ apiVersion, kind, metadata }).toEqual({
      apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
      kind: 'Plugin',
      metadata: { name: 'stasis' },
    });
    expect(spec.version).toBe(`v${version}`);
    // https://krew.sigs.k8s.io/docs/developer-guide/develop/naming-guide: krew's list has one line of 80 columns for a plugin.
    expect(spec.shortDescription).toMatch(/^.{10,50}(?<!\.)$/);
    const [platform, another] = spec.platforms;
    expect(another).toBeUndefined();
    expect(platform).toMatchObject({
      uri: `https://github.com/stasis-dev/stasis/releases/download/v${version}/${PLUGIN}.tar.gz`,
      sha256: sha256(readFileSync(join(release, `${PLUGIN}.tar.gz`))).replace('sha256:', ''),
      bin: 'kubectl-stasis',
      selector: { matchExpressions: [{ key: 'os', operator: 'In', values: ['darwin', 'linux'] }] },
    });
  });

  test('the SBOM of the plugin names the packages that are in it, with licences and checksums, and no other', () => {
    const { packages } = readJson(join(REPOSITORY, 'build/plugin/packages.json')) as { packages: readonly Component[] };
    const { metadata, components: said } = readJson(join(release, `${PLUGIN}.cdx.json`)) as Sbom;
    expect(metadata.component).toMatchObject({ type: 'application', name: 'kubectl-stasis', version });
    const named = ({ name, version: of }: Component): string => `${name}@${of}`;
    expect(said.map(named).sort()).toEqual(packages.map(named).sort());
    expect(said.filter(({ licenses, hashes }) => licenses === undefined || hashes === undefined)).toEqual([]);
  });
});

(built ? describe.each(ARCHITECTURES) : describe.skip.each(ARCHITECTURES))('the SBOM for %s', (architecture) => {
  test('the SBOM is of this very image', () => {
    const { metadata, serialNumber } = sbom(architecture);
    const digest = image.images.get(architecture)?.manifest.digest ?? '';
    expect(metadata.component).toMatchObject({ type: 'container', name: 'ghcr.io/stasis-dev/stasis', version });
    expect(metadata.component.purl).toContain(`@${encodeURIComponent(digest)}?arch=${architecture}&`);
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('the SBOM names each package of npm that is in the image, and no other', () => {
    const paths = image.images.get(architecture)?.entries.map(({ path }) => path) ?? [];
    const root = image.images.get(architecture)?.root ?? '';
    const inImage = paths
      .filter((path) => /node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
      .map((path) => readJson(join(root, path)) as { name: string; version: string })
      .map((found) => `${found.name}@${found.version}`);
    const said = components(architecture, 'pkg:npm/').map((component) => `${component.name}@${component.version}`);
    expect(said.length).toBeGreaterThan(100);
    expect(said.sort()).toEqual([...new Set(inImage)].sort());
  });

  test('the SBOM names each package of Debian that is in the image, with its architecture and its source', () => {
    const root = image.images.get(architecture)?.root ?? '';
    const packages = readdirSync(join(root, 'var/lib/dpkg/status.d')).sort();
    const said = components(architecture, 'pkg:deb/debian/');
    expect(said.map(({ name }) => name).sort()).toEqual(packages);
    expect(said.find(({ name }) => name === 'libc6')?.purl).toMatch(
      new RegExp(`^pkg:deb/debian/libc6@[^?]+\\?arch=${architecture}&distro=debian-\\d+&upstream=glibc$`),
    );
  });

  test('the SBOM names Node and Debian themselves, a licence for every package of npm, and what needs what', () => {
    const { components: all, dependencies, metadata } = sbom(architecture);
    expect(all.filter(({ type }) => type === 'operating-system')).toMatchObject([{ name: 'debian' }]);
    expect(all.filter(({ type }) => type === 'application')).toMatchObject([
      { name: 'node', version: expect.stringMatching(/^24\./), hashes: [{ alg: 'SHA-512' }] },
    ]);
    const npm = components(architecture, 'pkg:npm/');
    expect(npm.filter(({ licenses, hashes }) => licenses === undefined || hashes === undefined)).toEqual([]);
    const refs = new Set([metadata.component['bom-ref'], ...all.map((component) => component['bom-ref'])]);
    expect(refs.size).toBe(all.length + 1);
    expect(dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !refs.has(ref))).toEqual(
      [],
    );
    const reached = reach(sbom(architecture));
    expect(all.map((component) => component['bom-ref']).filter((ref) => !reached.has(ref))).toEqual([]);
  });
});

function components(architecture: string, purl: string): readonly Component[] {
  return sbom(architecture).components.filter((component) => component.purl?.startsWith(purl) === true);
}

/** Everything that the image needs, directly or not. */
function reach({ metadata, dependencies }: Sbom): ReadonlySet<string> {
  const needs = new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const reached = new Set([metadata.component['bom-ref']]);
  for (const ref of reached) for (const other of needs.get(ref) ?? []) reached.add(other);
  return reached;
}
