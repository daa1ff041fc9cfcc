import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Checkout, openCheckout } from '../../docs/checkout.js';
import { commandsOfStory } from '../../docs/stories.js';

let checkout: Checkout;
beforeEach(() => {
  checkout = openCheckout([], { GREETING: 'hello' });
});
afterEach(() => {
  checkout.remove();
});

async function tell(lines: readonly string[], seconds = 20): Promise<string[]> {
  const text = ['# Title', '<!-- run: demo -->', '```console', ...lines, '```'].join('\n');
  return await checkout.tell('docs/demo.md', commandsOfStory('demo', text), seconds);
}

describe('the commands of a document', () => {
  test('run in one shell, in a folder that looks like the checkout, and may write there', async () => {
    const faults = await tell([
      '$ name=world; cd docs && cd ..',
      '$ echo "$GREETING $name"   # what it says: it\'s friendly',
      'hello world',
      '$ cat <<EOF > page.txt',
      'one $name',
      'EOF',
      '$ cat page.txt README.md',
      'one world',
      '# Stasis',
      '$ pwd | sed "s#.*/##"; test "$HOME" = "$(cd ../home && pwd)"',
      'stasis',
      '$ head -c 1; echo to the terminal >&2',
      'to the terminal',
    ]);
    expect(faults).toEqual([]);
    expect(existsSync('page.txt')).toBe(false);
    expect(existsSync(join(checkout.folder, 'page.txt'))).toBe(true);
  });

  test('end with the first that fails, and its line is named', async () => {
    const [fault = '', ...others] = await tell(['$ true', '$ echo why; false', '$ touch after']);
    expect(others).toEqual([]);
    expect(fault).toBe('docs/demo.md:5: $ echo why; false\nended with status 1; it printed:\nwhy\n');
    expect(existsSync(join(checkout.folder, 'after'))).toBe(false);
  });

  test.each([
    ['a mistake of the shell', '$ if', /^docs\/demo\.md:4: \$ if\nhas not ended|ended with status 2/],
    ['an unknown program', '$ no-such-program', /ended with status 127/],
    ['an exit', '$ exit 3', /has not ended/],
  ])('that have %s fail', async (_, line, fault) => {
    expect(await tell([line, '$ true'])).toEqual([expect.stringMatching(fault)]);
  });

  test('must print what the document shows', async () => {
    const faults = await tell(['$ printf "NAME  AGE\\nweb   5s\\n"', 'NAME   AGE', 'db     1s', '$ true']);
    expect(faults).toEqual([
      'docs/demo.md:4: $ printf "NAME  AGE\\nweb   5s\\n"\nprinted no line like: db     1s\nit printed:\nNAME  AGE\nweb   5s\n',
    ]);
  });

  test('are ended when they take too long, with all that they started', async () => {
    const mark = join(checkout.home, 'late');
    const faults = await tell([`$ (sleep 2; touch ${mark}) & sleep 60`], 0.5);
    expect(faults).toEqual([expect.stringMatching(/^docs\/demo\.md:4: .*\nhas not ended; it printed:\n$/)]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(existsSync(mark)).toBe(false);
  });

  test('find programs in the home first', async () => {
    writeFileSync(join(checkout.home, '.local', 'bin', 'kubectl'), '#!/bin/sh\necho "kubectl of the home: $*"\n', {
      mode: 0o755,
    });
    expect(await tell(['$ kubectl get pods', 'kubectl of the home: get pods'])).toEqual([]);
  });
});
