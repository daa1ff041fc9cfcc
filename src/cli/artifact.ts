/** Runs `stasis artifact`: streams one artifact, and computes its digest on the way. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactName } from '../node-agent/service/artifact-files.js';

export type ArtifactResult =
  | { readonly ok: true; readonly sha256: string }
  /** One line for people. */
  | { readonly ok: false; readonly message: string };

/** Without O_NONBLOCK the open of a FIFO would wait for a writer. */
const HOW = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK_BYTES = 256 << 10;

/**
 * Streams the artifact.
 *
 * @param uid has the form of a UID, so that no path leads out of the folder
 * @param write writes all bytes; returns why that is impossible, or undefined
 */
export async function streamArtifact(
  { uid, folder }: { readonly uid: string; readonly folder: string },
  write: (bytes: Uint8Array) => Promise<string | undefined>,
): Promise<ArtifactResult> {
  const path = join(folder, artifactName(uid));
  let file: FileHandle | undefined;
  try {
    file = await open(path, HOW);
    if (!(await file.stat()).isFile()) return { ok: false, message: `${path} is not a regular file` };
    return await stream(file, write);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? { ok: false, message: `there is no artifact ${uid} in ${folder}` }
      : { ok: false, message: `cannot read ${path}: ${code ?? message}` };
  } finally {
    await file?.close();
  }
}

async function stream(
  file: FileHandle,
  write: (bytes: Uint8Array) => Promise<string | undefined>,
): Promise<ArtifactResult> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return { ok: true, sha256: hash.digest('hex') };
    const bytes = buffer.subarray(0, bytesRead);
    hash.update(bytes);
    const why = await write(bytes);
    if (why !== undefined) return { ok: false, message: `the standard output cannot be written: ${why}` };
  }
}
