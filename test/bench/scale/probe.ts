/**
 * Loaded into a controller by `--import`. On SIGUSR2 the process writes what it still has open to the file of STASIS_PROBE: a
 * watch that leaks is a socket, and a timer that leaks is a Timeout. With STASIS_PROFILE set, the process also records a CPU
 * profile, which the same signal writes beside that file.
 */
import { writeFileSync, renameSync } from 'node:fs';
import { Session } from 'node:inspector';

const file = process.env['STASIS_PROBE'] ?? '';
const session = process.env['STASIS_PROFILE'] === undefined ? undefined : new Session();
session?.connect();
session?.post('Profiler.enable');
session?.post('Profiler.start');

process.on('SIGUSR2', () => {
  const open: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) open[kind] = (open[kind] ?? 0) + 1;
  const { heapUsed, rss } = process.memoryUsage();
  writeFileSync(`${file}.new`, JSON.stringify({ open, heapUsed, rss }));
  renameSync(`${file}.new`, file);
  session?.post('Profiler.stop', (_, { profile }) => {
    writeFileSync(`${file}.${Date.now()}.cpuprofile`, JSON.stringify(profile));
    session.post('Profiler.start');
  });
});
