/**
 * The folder of artifacts on the node: one file per capture, which only root can read.
 *
 * Nobody can redirect a write, and no half-written file remains: file names are built from UIDs alone, a file is always
 * created anew (O_EXCL, O_NOFOLLOW) and then renamed into place. Every access goes through the {@link DiskGate} and
 * runs on libuv's threads, so that a hung disk delays neither the captures nor their watchdog.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../../api/kinds.js';
import { failure, type Failure } from '../pure/failure.js';
import { artifactName, OURS, UID } from './artifact-files.js';
import type { DiskGate } from './disk-gate.js';
import { readKept } from './kept-artifact.js';
import type { KeptByAnother } from './status.js';

/** Least free space for a capture to begin, in bytes. The artifact of 20,000 processes takes about this much. */
const LEAST_FREE_BYTES = 16 << 20;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Write permission for the group and for all others. */
const FOREIGN_WRITES = 0o022;
/** Every permission of the group and of all others. */
const FOREIGN = 0o077;

export type Written =
  { readonly ok: true; readonly artifact: Artifact } | { readonly ok: false; readonly failure: Failure };

/** The number and the size of all artifacts of the node, and the size from which on no capture begins. */
export interface ArtifactsFilling {
  readonly files: number;
  readonly bytes: number;
  readonly limitBytes: number;
}

export class Artifacts {
  readonly #folder: string;
  readonly #gate: DiskGate;
  readonly #limitBytes: number;
  readonly #commandFor: (uid: string) => string;
  /** The size of each artifact by its UID, in bytes; undefined until the folder was read. */
  #sizes: Map<string, number> | undefined;

  /** @param commandFor returns the command that prints the artifact of a capture */
  constructor(folder: string, gate: DiskGate, limitBytes: number, commandFor: (uid: string) => string) {
    this.#folder = folder;
    this.#gate = gate;
    this.#limitBytes = limitBytes;
    this.#commandFor = commandFor;
  }

  /** The number and size of the artifacts, as known without touching the disk. */
  get filling(): ArtifactsFilling {
    const sizes = [...(this.#sizes?.values() ?? [])];
    return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0), limitBytes: this.#limitBytes };
  }

  /** Tests before anything is frozen whether an artifact could be written now. Waits no longer once `signal` has aborted. */
  async check(signal?: AbortSignal): Promise<Failure | undefined> {
    const look = async (): Promise<Failure | undefined> => {
      try {
        await this.#prepare();
        // Somebody may have removed artifacts by hand. Nothing tells of it, so the folder is read again before anything is refused.
        if (this.#sizes === undefined || this.filling.bytes >= this.#limitBytes)
          this.#sizes = await sizesIn(this.#folder);
        const { bytes } = this.filling;
        if (bytes >= this.#limitBytes) {
          const most = `the artifacts in ${this.#folder} take ${bytes} of at most ${this.#limitBytes} bytes`;
          return failure('ArtifactFailed', `${most}; they are removed with their Checkpoints`);
        }
        const { bavail, bsize } = await statfs(this.#folder);
        if (bavail * bsize < LEAST_FREE_BYTES) {
          return failure('ArtifactFailed', `${this.#folder} has only ${bavail * bsize} bytes free`);
        }
        const probe = join(this.#folder, temporaryName(randomUUID()));
        await (await open(probe, NEW_FILE, 0o600)).close();
        await unlink(probe);
        return undefined;
      } catch (error) {
        return this.#failed('cannot be written to', error);
      }
    };
    return await this.#gate.touch(look, () => this.#silent(), signal);
  }

  /** Writes and syncs a temporary file and renames it, so that a file under the final name is always complete. */
  async write(uid: string, text: Iterable<string>, signal?: AbortSignal): Promise<Written> {
    if (!UID.test(uid))
      return { ok: false, failure: failure('ArtifactFailed', 'the UID of the PodCapture is not a UUID') };
    const store = async (): Promise<Written> => {
      const temporary = join(this.#folder, temporaryName(uid));
      const path = join(this.#folder, artifactName(uid));
      try {
        await this.#prepare();
        const { sizeBytes, sha256 } = await writeAll(temporary, text);
        await rename(temporary, path);
        this.#sizes?.set(uid, sizeBytes);
        await syncFolder(this.#folder);
        return { ok: true, artifact: { path, sizeBytes, sha256, command: this.#commandFor(uid) } };
      } catch (error) {
        await unlink(temporary).catch(() => undefined);
        return { ok: false, failure: this.#failed('could not store the artifact', error) };
      }
    };
    return await this.#gate.touch(store, () => ({ ok: false, failure: this.#silent() }), signal);
  }

  /** The whole artifact that an earlier agent has stored for this capture, with its counts if it has them. */
  async kept(uid: string, signal?: AbortSignal): Promise<KeptByAnother | undefined> {
    if (!UID.test(uid)) return undefined;
    const path = join(this.#folder, artifactName(uid));
    const found = await this.#gate.touch(
      async () => await readKept(path, uid),
      () => undefined,
      signal,
    );
    if (found === undefined) return undefined;
    const { sizeBytes, sha256, counts } = found;
    return { artifact: { path, sizeBytes, sha256, command: this.#commandFor(uid) }, counts };
  }

  /** Removes the artifact of one capture, if it exists. */
  async remove(uid: string): Promise<void> {
    if (!UID.test(uid)) return;
    const unlinkIt = async (): Promise<void> => {
      const code = await unlink(join(this.#folder, artifactName(uid))).catch(
        (error: NodeJS.ErrnoException) => error.code,
      );
      if (code === undefined || code === 'ENOENT') this.#sizes?.delete(uid);
    };
    // An artifact that a silent disk keeps is removed after the next start of the agent.
    await this.#gate.touch(unlinkIt, () => undefined);
  }

  /**
   * Removes the artifacts of captures that are not in `known` when the removal starts, and all unfinished files. Other
   * files in the folder stay.
   */
  async removeOrphans(known: () => ReadonlySet<string>): Promise<number> {
    const sweep = async (): Promise<number> => {
      const uids = known();
      let removed = 0;
      const names = await readdir(this.#folder).catch(() => []);
      for (const name of names) {
        const [, uid, unfinished] = OURS.exec(name) ?? [];
        if (unfinished === undefined && (uid === undefined || uids.has(uid))) continue;
        removed += await unlink(join(this.#folder, name)).then(
          () => 1,
          () => 0,
        );
      }
      this.#sizes = await sizesIn(this.#folder);
      return removed;
    };
    return await this.#gate.touch(sweep, () => 0);
  }

  /**
   * Makes the folder, or accepts one that only this user can write to. A container runtime makes a missing folder 0755, so an empty folder
   * is closed to all others. A folder that holds something may serve others, and keeps its mode: there, others see the UIDs of captures,
   * and cannot read the artifacts, which have the mode 0600.
   */
  async #prepare(): Promise<void> {
    // Without `recursive`: below a file system that allows no folders, such as procfs, Node would retry for ever.
    await mkdir(this.#folder, 0o700).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const found = await lstat(this.#folder);
    if (!found.isDirectory()) throw new Error('not a directory');
    if (found.uid !== process.geteuid?.()) throw new Error('it belongs to another user');
    if ((found.mode & FOREIGN_WRITES) !== 0) throw new Error('others than its owner can write to it');
    if ((found.mode & FOREIGN) !== 0 && (await readdir(this.#folder)).length === 0) await chmod(this.#folder, 0o700);
  }

  #silent(): Failure {
    return failure('ArtifactFailed', `the disk of ${this.#folder} does not answer`);
  }

  #failed(what: string, error: unknown): Failure {
    const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
    return failure('ArtifactFailed', `${this.#folder} ${what}: ${why}`);
  }
}

/** Reads the sizes of the finished artifacts. A folder that is not there has none. */
async function sizesIn(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(folder).catch(() => [])) {
    const [, uid] = OURS.exec(name) ?? [];
    const found = uid === undefined ? undefined : await lstat(join(folder, name)).catch(() => undefined);
    if (uid !== undefined && found?.isFile() === true) sizes.set(uid, found.size);
  }
  return sizes;
}

function temporaryName(uid: string): string {
  return `.${uid}.${randomUUID().slice(0, 8)}.tmp`;
}

async function writeAll(path: string, text: Iterable<string>): Promise<Pick<Artifact, 'sizeBytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const file = await open(path, NEW_FILE, 0o600);
  try {
    for (const piece of text) {
      const bytes = Buffer.from(piece);
      hash.update(bytes);
      sizeBytes += bytes.length;
      await writeWhole(file, bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** Writes all bytes. write(2) may write fewer than it was given, for instance when the disk is almost full. */
async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    from += (await file.write(bytes, from, bytes.length - from)).bytesWritten;
  }
}

/** A new file name is safely on the disk only once its folder has been synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
