/** Prints how many packages of the lock file FOLDER/package-lock.json npm installs on this machine: `npm-packages.mjs FOLDER` */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MUSL = process.report.getReport().header.glibcVersionRuntime === undefined;
const here = { os: process.platform, cpu: process.arch, libc: MUSL ? 'musl' : 'glibc' };

/** Optional packages name the platforms that they are for: `os: ['linux']`, or `os: ['!win32']`. */
function fits(condition, value) {
  if (condition === undefined) return true;
  const [unwanted, wanted] = [true, false].map((not) => condition.filter((word) => word.startsWith('!') === not));
  return !unwanted.includes(`!${value}`) && (wanted.length === 0 || wanted.includes(value));
}

const { packages } = JSON.parse(readFileSync(join(process.argv[2], 'package-lock.json'), 'utf8'));
const installed = Object.entries(packages).filter(
  ([path, entry]) => path !== '' && Object.entries(here).every(([key, value]) => fits(entry[key], value)),
);
process.stdout.write(`${installed.length}\n`);
