/**
 * Opens an image archive of `make image`: its JSON, and for each architecture the entries of its layers and the file system
 * that the layers make.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A descriptor, as in descriptor.md of the OCI image-spec. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The part of a config that a runtime reads, as in config.md of the OCI image-spec. */
export interface RuntimeConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

/** An entry of a layer, as tar lists it. */
export interface LayerEntry {
  /** The mode as `ls -l` prints it: drwxr-xr-x. */
  readonly mode: string;
  /** The user and the group as numbers: 0/0. */
  readonly owner: string;
  /** The time in UTC: 2026-11-23 14:00:00. */
  readonly time: string;
  /** The path without the leading './'. */
  readonly path: string;
}

/** The image of one architecture. */
export interface PlatformImage {
  /** The descriptor of its manifest. */
  readonly manifest: Descriptor;
  readonly configDescriptor: Descriptor;
  /** The platform that the config names. */
  readonly platform: { readonly architecture: string; readonly os: string };
  readonly layers: readonly Descriptor[];
  /** The digests of the unzipped tar archives of the layers. */
  readonly diffIds: readonly string[];
  readonly config: RuntimeConfig;
  readonly entries: readonly LayerEntry[];
  /** A folder with all layers, one over the other. chroot(1) can enter it. */
  readonly root: string;
}

/** docker's manifest.json: an entry for each image. */
export interface DockerManifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

export interface OpenedImage {
  /** The entries of index.json. */
  readonly names: readonly Descriptor[];
  readonly docker: readonly DockerManifest[];
  /** By architecture. */
  readonly images: ReadonlyMap<string, PlatformImage>;
  /** Returns the file of a digest ('sha256:…'). */
  blob(digest: string): string;
  /** Removes all unpacked files. */
  close(): void;
}

/** Makes `directory` and unpacks the archive there. Throws when the archive is no image layout. */
export function openImage(archive: string, directory: string): OpenedImage {
  const layout = join(directory, 'layout');
  mkdirSync(layout, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', layout]);
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const { manifests: names } = readJson(join(layout, 'index.json')) as { manifests: readonly Descriptor[] };
  const { manifests } = readJson(blob(names[0]?.digest ?? '')) as { manifests: readonly Descriptor[] };
  const images = manifests.map((manifest): [string, PlatformImage] => {
    const architecture = manifest.platform?.['architecture'] ?? '';
    return [architecture, openPlatform(manifest, blob, join(directory, `root-${architecture}`))];
  });
  return {
    names,
    docker: readJson(join(layout, 'manifest.json')) as readonly DockerManifest[],
    images: new Map(images),
    blob,
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function openPlatform(manifest: Descriptor, blob: (digest: string) => string, root: string): PlatformImage {
  const { config, layers } = readJson(blob(manifest.digest)) as { config: Descriptor; layers: readonly Descriptor[] };
  const settings = readJson(blob(config.digest)) as {
    architecture: string;
    os: string;
    config: RuntimeConfig;
    rootfs: { diff_ids: readonly string[] };
  };
  mkdirSync(root, { recursive: true });
  for (const { digest } of layers) execFileSync('tar', ['-xzf', blob(digest), '-C', root]);
  return {
    manifest,
    configDescriptor: config,
    platform: { architecture: settings.architecture, os: settings.os },
    layers,
    diffIds: settings.rootfs.diff_ids,
    config: settings.config,
    entries: layers.flatMap(({ digest }) => listLayer(blob(digest))),
    root,
  };
}

function listLayer(file: string): LayerEntry[] {
  const listing = execFileSync('tar', ['-tvzf', file, '--numeric-owner', '--full-time', '--utc'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listing.split('\n').flatMap((line) => {
    const match = /^(?<mode>\S{10})\s+(?<owner>\d+\/\d+)\s+\S+\s+(?<time>\S+ \S+) \.\/(?<path>.*?)(?: -> .*)?$/.exec(
      line,
    );
    const { mode, owner, time, path } = match?.groups ?? {};
    if (line === '') return [];
    if (mode === undefined || owner === undefined || time === undefined || path === undefined)
      throw new Error(`tar lists what is not understood: ${line}`);
    return [{ mode, owner, time, path }];
  });
}

/** Reads a JSON file of any shape. */
export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
