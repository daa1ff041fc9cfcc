/**
 * Combines layers into an OCI image layout: node oci-layout.mjs DIRECTORY PACKAGE-JSON SECONDS REVISION LAYER...
 *
 * A LAYER is a folder with layer.tar.gz and `digests`, as build.sh writes it. Formats: OCI image-spec 1.1 (image-layout.md,
 * config.md, manifest.md), and in addition docker's manifest.json, for `docker load` older than 25.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const REPOSITORY = 'ghcr.io/stasis-dev/stasis';
const SOURCE = 'https://github.com/stasis-dev/stasis';

const [directory, packageJson, seconds, revision, ...layerFolders] = process.argv.slice(2);
const { version, description, license } = JSON.parse(readFileSync(packageJson, 'utf8'));
const name = `${REPOSITORY}:${version}`;
const created = new Date(Number(seconds) * 1000).toISOString();
const blobs = `${directory}/blobs/sha256`;
mkdirSync(blobs, { recursive: true });

const layers = layerFolders.map((folder) => {
  const [diffId, digest, size] = readFileSync(`${folder}/digests`, 'utf8').trim().split(' ');
  copyFileSync(`${folder}/layer.tar.gz`, `${blobs}/${digest}`);
  return { diffId, digest, size: Number(size) };
});

/** The keys of image-spec's annotations.md: labels for people who inspect the image, and annotations for registries. */
const annotations = {
  'org.opencontainers.image.created': created,
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.licenses': license,
  ...(revision === '' ? {} : { 'org.opencontainers.image.revision': revision }),
  'org.opencontainers.image.source': SOURCE,
  'org.opencontainers.image.title': 'stasis',
  'org.opencontainers.image.version': version,
};

const config = blob('application/vnd.oci.image.config.v1+json', {
  created,
  architecture: 'amd64',
  os: 'linux',
  config: {
    User: '65532:65532',
    // Node 24 would open its debugger at SIGUSR1 until the first line of the command has run.
    Env: ['PATH=/usr/bin', 'NODE_ENV=production', 'NODE_OPTIONS=--disable-sigusr1'],
    // No init runs before it: the shell of `stasis` becomes Node by exec, and Node waits for its own children. In the agent's
    // pod, pid 1 is the host's; an init would be one more process whose death leaves a tracer without its container.
    Entrypoint: ['/usr/bin/stasis'],
    Cmd: ['help'],
    WorkingDir: '/',
    Labels: annotations,
  },
  rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${layer.diffId}`) },
  history: ['Node and a shell', 'packages', 'Stasis'].map((created_by) => ({ created, created_by })),
});

const manifest = blob('application/vnd.oci.image.manifest.v1+json', {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config,
  layers: layers.map((layer) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: `sha256:${layer.digest}`,
    size: layer.size,
  })),
  annotations,
});

const platform = { architecture: 'amd64', os: 'linux' };
// The names that `ctr images import` and other tools give the image.
const names = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': version };
json('index.json', {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [{ ...manifest, platform, annotations: names }],
});
json('oci-layout', { imageLayoutVersion: '1.0.0' });
json('manifest.json', [
  { Config: path(config.digest), RepoTags: [name], Layers: layers.map((layer) => path(`sha256:${layer.digest}`)) },
]);
writeFileSync(`${directory}.name`, `${name} ${manifest.digest}\n`);

function blob(mediaType, value) {
  const text = JSON.stringify(value);
  const digest = createHash('sha256').update(text).digest('hex');
  writeFileSync(`${blobs}/${digest}`, text);
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
}

function path(digest) {
  return `blobs/${digest.replace(':', '/')}`;
}

function json(file, value) {
  writeFileSync(`${directory}/${file}`, JSON.stringify(value));
}
