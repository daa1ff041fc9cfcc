/** Carries out one job of a run in a process of its own: `job.js JSON [MILLISECONDS]`. Prints one entry per line. */
import { runBatch } from './batch.js';
import { runHard } from './hard.js';
import type { Job } from './jobs.js';
import type { Entry } from './tally.js';

const [text = '{}', milliseconds] = process.argv.slice(2);
const job = JSON.parse(text) as Job;
const ends = milliseconds === undefined || milliseconds === '' ? Infinity : performance.now() + Number(milliseconds);
const over = (): boolean => performance.now() > ends;
const tell = (entry: Entry): void => void process.stdout.write(`${JSON.stringify(entry)}\n`);

await (job.kind === 'batch' ? runBatch(job.batch, over, tell) : runHard(job, over, tell));
