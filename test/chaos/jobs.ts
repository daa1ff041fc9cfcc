/** Runs jobs in processes of their own, some at a time. Each job cleans up by itself, and a job that fails does not end the others. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Batch } from './plan.js';
import type { Entry } from './tally.js';

export type Job =
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'hard'; readonly name: string; readonly version: 'v1' | 'v2'; readonly times: number };

export interface JobsOptions {
  readonly processes: number;
  /** The time, by performance.now(), after which no trial begins. */
  readonly endsAt: number;
  readonly progressEvery?: number;
  readonly onProgress?: (entries: readonly Entry[]) => void;
}

export interface JobsResult {
  readonly entries: readonly Entry[];
  /** Jobs that failed as a whole. Nothing is known about their trials. */
  readonly failures: readonly string[];
}

const JOB = fileURLToPath(new URL('./job.js', import.meta.url));

export async function runJobs(jobs: readonly Job[], options: JobsOptions): Promise<JobsResult> {
  const queue = [...jobs];
  const entries: Entry[] = [];
  const failures: string[] = [];
  const timer = setInterval(() => options.onProgress?.(entries), options.progressEvery ?? 60_000);
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const left = options.endsAt - performance.now();
      if (left <= 0) return;
      const failure = await runJob(job, left, (entry) => entries.push(entry));
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: options.processes }, work));
  clearInterval(timer);
  return { entries, failures };
}

async function runJob(job: Job, milliseconds: number, tell: (entry: Entry) => void): Promise<string | undefined> {
  const bound = Number.isFinite(milliseconds) ? String(Math.round(milliseconds)) : '';
  const child = spawn(process.execPath, [JOB, JSON.stringify(job), bound], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => tell(JSON.parse(line) as Entry));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (status === 0) return undefined;
  const what = job.kind === 'hard' ? job.name : `${job.batch.shape} ${job.batch.version} seed ${job.batch.seed}`;
  return `${what}: status ${status}: ${errors.trim()}`;
}
