/** Writes files that appear whole, or not at all. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Made anew, by this process, never through a link. */
const HOW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** A capture has names of processes, and may have command lines. */
const MODE = 0o600;

/** A file under a name that begins with a dot, until it is kept or dropped. */
export class UnfinishedFile {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #wanted: string;
  #kept = false;

  private constructor(file: FileHandle, path: string, wanted: string) {
    this.#file = file;
    this.#path = path;
    this.#wanted = wanted;
  }

  /**
   * Makes the folder, too. Rejects with an error of the system.
   *
   * @param name has no slash in it
   */
  static async create(folder: string, name: string): Promise<UnfinishedFile> {
    await makeFolder(folder);
    const path = join(folder, `.${name}.${randomBytes(4).toString('hex')}.tmp`);
    return new UnfinishedFile(await open(path, HOW, MODE), path, join(folder, name));
  }

  /** Writes all of it. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, from);
      from += bytesWritten;
    }
  }

  /** Gives the file its name, when all of it is on the disk. A link of that name is replaced and not followed. */
  async keep(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#path, this.#wanted);
    this.#kept = true;
  }

  /** Removes the file, unless it was kept. */
  async drop(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await unlink(this.#path).catch(() => undefined);
  }

  /** Removes the file, also when it was kept. */
  async undo(): Promise<void> {
    await this.drop();
    if (this.#kept) await unlink(this.#wanted).catch(() => undefined);
  }
}

/** Node's own recursive mkdir never ends in a folder such as /proc, which says ENOENT for what cannot be made. */
async function makeFolder(folder: string): Promise<void> {
  if (await isMade(folder)) return;
  await makeFolder(dirname(folder));
  if (!(await isMade(folder))) throw Object.assign(new Error(`${folder} cannot be made`), { code: 'ENOENT' });
}

/** Makes one folder. False where the folder above lacks. */
async function isMade(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return dirname(folder) === folder;
    // If the place is no folder, or a link to none, the file cannot be made there, and that failure tells so.
    if (code !== 'EEXIST') throw error;
  }
  return true;
}

/** Whether there is anything of that name, a link that leads nowhere included. */
export async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
