/** Reads what `make image` wrote, for the tests of it. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { REPOSITORY } from '../kernel/harness/programs.js';
import { readJson } from './opened-image.js';

export const ARCHIVE = join(REPOSITORY, 'build/stasis-image.tar');
/** How long unpacking the archive may take, in milliseconds. */
export const UNPACK_MS = 120_000;
export const MIB = 1024 * 1024;

/** The architectures that `make` was told to put into the image. */
export const ARCHITECTURES = (process.env['ARCHITECTURES'] ?? 'amd64 arm64').split(/\s+/).filter((word) => word !== '');
/** This machine's architecture, by its name in images. */
export const HERE = process.arch === 'x64' ? 'amd64' : process.arch;

/** Whether there is an archive. Where there is none, the tests say so and are skipped. */
export const built = existsSync(ARCHIVE);
if (!built) process.stderr.write("skipped: the image: build/stasis-image.tar is not there: run 'make image'\n");

export const { version } = readJson(join(REPOSITORY, 'package.json')) as { version: string };

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Returns all regular files below the directory. Links are not followed. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
