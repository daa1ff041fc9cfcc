/** Tells the stories of the documents in the cluster of the harness, as a reader would, and cleans up after each. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { openCheckout } from '../../docs/checkout.js';
import type { File } from '../../docs/repository.js';
import type { Command } from '../../docs/session.js';
import { commandsOfStory, type Story } from '../../docs/stories.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import type { Cluster } from '../harness/cluster.js';
import { settle } from './settings.js';
import { PATIENCE } from './world.js';

const PLUGIN = join(REPOSITORY, 'build', 'plugin');
/** The longest time for the blocks of one document. The end-to-end tests have 180 s. */
const SECONDS = 150 * PATIENCE;
/** Objects that stories leave behind. They are told in the namespace `default`, in which no other test works. */
const LEAVINGS = ['checkpoints.stasis.dev', 'pods'];

export type Teller = ReturnType<typeof openTeller>;

/** `plugin` is the folder of the kubectl plugin. */
export function openTeller(cluster: Cluster, plugin = PLUGIN) {
  const { command, env } = cluster.tool('kubectl');
  const checkout = openCheckout([dirname(command), plugin], env);
  const run = async (name: string, lines: readonly string[]): Promise<string[]> =>
    await checkout.tell(name, lines.map(commandOf), SECONDS);

  const cleanUp = async (): Promise<void> => {
    // Without the kinds there is nothing to clean up, and kubectl fails.
    for (const kind of LEAVINGS)
      await cluster.kubectl(['delete', kind, '--all', '-n', 'default', '--grace-period=1', '--timeout=60s']);
  };

  return {
    /** Runs commands of a test's own. Throws when one fails. */
    async must(name: string, lines: readonly string[]): Promise<void> {
      const faults = await run(name, lines);
      if (faults.length > 0) throw new Error(faults.join('\n'));
    },

    /** Runs the story of each document that has it, and returns what differs from the document. */
    async tell(story: Story, documents: readonly File[]): Promise<string[]> {
      const parts = documents
        .map(({ path, text }) => ({ path, commands: commandsOfStory(story.name, text) }))
        .filter(({ commands }) => commands.length > 0);
      if (parts.some(({ commands }) => commands.some(usesPlugin)) && !existsSync(join(plugin, 'kubectl-stasis')))
        return [`${plugin}/kubectl-stasis is missing`];
      try {
        const faults = await run(`before ${story.name}`, story.before ?? []);
        for (const { path, commands } of faults.length > 0 ? [] : parts)
          faults.push(...(await checkout.tell(path, commands, SECONDS)));
        return faults;
      } finally {
        await cleanUp();
        if (story.changesRelease === true) await settle(cluster);
      }
    },

    close(): void {
      checkout.remove();
    },
  };
}

function commandOf(text: string, at: number): Command {
  return { line: at + 1, text, output: [] };
}

function usesPlugin({ text }: Command): boolean {
  return text.includes('kubectl stasis');
}
