/** Every block of commands is run by a test or says why not, and stories that need no cluster are told here. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Checkout, openCheckout } from '../../docs/checkout.js';
import { fencesOf } from '../../docs/markdown.js';
import { hasCommands, markFaults, parseMark } from '../../docs/marks.js';
import { openRepository } from '../../docs/repository.js';
import { commandsOf } from '../../docs/session.js';
import { commandsOfStory, STORIES, storiesOf } from '../../docs/stories.js';

const SHELL = new Set(['console', 'sh', 'bash']);
const DOCUMENTS = openRepository().documents;

describe('the documents', () => {
  test('mark each block of commands as run by a test, or say why it is not', () => {
    const blocks = DOCUMENTS.flatMap(({ path, text }) => fencesOf(text).map((fence) => ({ path, fence })));
    expect(blocks.filter(({ fence }) => hasCommands(fence)).length).toBeGreaterThan(50);
    const faults = blocks.flatMap(({ path, fence }) =>
      markFaults(fence, storiesOf(path)).map((fault) => `${path}:${fence.line}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  test('have no mistake of the shell in their commands', () => {
    const commands = DOCUMENTS.flatMap(({ path, text }) =>
      fencesOf(text)
        .filter((fence) => parseMark(fence.comment)?.kind === 'run' || SHELL.has(fence.language))
        .flatMap((fence) => commandsOf(fence).map((command) => ({ path, ...command }))),
    );
    expect(commands.length).toBeGreaterThan(100);
    const wrong = commands.filter(({ text }) => spawnSync('sh', ['-n', '-c', text]).status !== 0);
    expect(wrong.map(({ path, line, text }) => `${path}:${line}: ${text}`)).toEqual([]);
  });

  test('tell every story that is registered', () => {
    const told = STORIES.map(({ name, documents }) => ({
      name,
      commands: DOCUMENTS.filter(({ path }) => documents.test(path)).flatMap(({ text }) => commandsOfStory(name, text)),
    }));
    expect(told.filter(({ commands }) => commands.length === 0).map(({ name }) => name)).toEqual([]);
  });
});

test('commandsOfStory() takes the blocks of its name in their order, and fills in words', () => {
  const first = ['<!-- run: a -->', '```sh', 'one', '```', '<!-- run: b -->', '```sh', 'two', '```'];
  const second = ['<!-- run: a with NS=shop -->', '```console', '$ three NS', 'out', '```', '```sh', 'four', '```'];
  const text = [...first, ...second].join('\n');
  expect(commandsOfStory('a', text)).toEqual([
    { line: 3, text: 'one', output: [] },
    { line: 11, text: 'three shop', output: ['out'] },
  ]);
});

describe('a story that needs no cluster', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = openCheckout([]);
  });
  afterAll(() => {
    checkout.remove();
  });

  const here = STORIES.filter(({ where }) => where === 'here').flatMap(({ name, documents }) =>
    DOCUMENTS.filter(({ path }) => documents.test(path)).map((document) => ({ name, ...document })),
  );

  test.each(here)('$name of $path goes as it is told', async ({ name, path, text }) => {
    expect(await checkout.tell(path, commandsOfStory(name, text), 60)).toEqual([]);
  });
});
