/**
 * Combines layers into one OCI image for several architectures, in an image layout:
 *
 *   node oci-layout.mjs DIRECTORY PACKAGE-JSON SECONDS REVISION (ARCHITECTURE BASE DEPENDENCIES APPLICATION)...
 *
 * The last three are layers: folders with layer.tar.gz and `digests`, as build.sh writes them. Formats: OCI image-spec 1.1
 * (image-layout.md, image-index.md, config.md, manifest.md).
 *
 * index.json names one thing, the image's own index, which is a blob: readers that give each entry of index.json its name in
 * turn, as containerd does, would otherwise leave the name with the last architecture. In addition there is docker's
 * manifest.json, for `docker load` without containerd's image store. It has no word for a platform, so only the first
 * architecture is in it.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const REPOSITORY = 'ghcr.io/stasis-dev/stasis';
const SOURCE = 'https://github.com/stasis-dev/stasis';

const HISTORY = ['Node and a shell', 'packages', 'Stasis'];

const [directory, packageJson, seconds, revision, ...operands] = process.argv.slice(2);
const { version, description, license } = JSON.parse(readFileSync(packageJson, 'utf8'));
const name = `${REPOSITORY}:${version}`;
const created = new Date(Number(seconds) * 1000).toISOString();
const blobs = `${directory}/blobs/sha256`;
mkdirSync(blobs, { recursive: true });

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

const images = [];
for (let at = 0; at < operands.length; at += 1 + HISTORY.length) {
  const [architecture, ...folders] = operands.slice(at, at + 1 + HISTORY.length);
  images.push(imageOf(architecture, folders.map(layerOf)));
}

const index = blob('application/vnd.oci.image.index.v1+json', {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: images.map(({ manifest, platform }) => ({ ...manifest, platform })),
  annotations,
});
// The names that `ctr images import` and other tools give the image.
const names = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': version };
json('index.json', {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [{ ...index, annotations: names }],
});
json('oci-layout', { imageLayoutVersion: '1.0.0' });
const [{ config, layers }] = images;
json('manifest.json', [
  { Config: path(config.digest), RepoTags: [name], Layers: layers.map(({ digest }) => path(digest)) },
]);
writeFileSync(`${directory}.name`, `${name} ${index.digest}\n`);

function layerOf(folder) {
  const [diffId, hash, size] = readFileSync(`${folder}/digests`, 'utf8').trim().split(' ');
  copyFileSync(`${folder}/layer.tar.gz`, `${blobs}/${hash}`);
  return { diffId: `sha256:${diffId}`, digest: `sha256:${hash}`, size: Number(size) };
}

/** The image of one architecture. Its variant is left out where there is one only, as Go's platforms do: arm64 means v8. */
function imageOf(architecture, layers) {
  const platform = { architecture, os: 'linux' };
  const config = blob('application/vnd.oci.image.config.v1+json', {
    created,
    ...platform,
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
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: HISTORY.map((created_by) => ({ created, created_by })),
  });
  const manifest = blob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest,
      size,
    })),
    annotations,
  });
  return { platform, config, manifest, layers };
}

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
