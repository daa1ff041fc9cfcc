/**
 * Draws the dashboards with the data of the throw-away cluster, after captures of every kind (MINUTES=3). The operands are
 * passed on to test/dashboards/main.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { captureForAWhile, openMonitored, SCRAPE_SECONDS } from './monitored.js';

const minutes = Number(process.env['MINUTES'] ?? '3');
const monitored = await openMonitored('dashboards');
try {
  process.stderr.write(`==> captures of every kind for ${minutes} minutes\n`);
  await captureForAWhile(monitored, minutes * 60_000);
  const main = join(REPOSITORY, 'build/test/dashboards/main.js');
  const range = ['--minutes', String(minutes), '--scrape-interval', String(SCRAPE_SECONDS)];
  const options = ['--prometheus', monitored.prometheus.url, ...range, ...process.argv.slice(2)];
  const child = spawn(process.execPath, [main, ...options], { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  process.exitCode = status ?? 1;
} finally {
  await monitored.close();
}
