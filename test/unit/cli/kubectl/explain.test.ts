import { describe, expect, test } from '@jest/globals';
import { FakePlugin } from './surroundings.js';

async function explained(...argv: string[]): Promise<readonly [number, string]> {
  const plugin = new FakePlugin({ width: 80 });
  const status = await plugin.run(['explain', ...argv]);
  expect(plugin.connections).toEqual([]);
  return [status, `${plugin.stdout}${plugin.stderr.join('\n')}`];
}

describe('kubectl stasis explain', () => {
  test('prints the section of a reason', async () => {
    const [status, text] = await explained('holdelapsed');
    expect(status).toBe(0);
    expect(text).toMatch(
      /^HoldElapsed\n\n- Means\. Only of the condition `Held`\. The hold lasted as long as it was asked\n {2}to\.\n/,
    );
    expect((await explained('NothingTouched'))[1]).toMatch(/^NothingTouched\n\n`Released=True`, where no freezer/);
    expect((await explained('coredump'))[1]).toContain('Do. Wait for the file; capture again.');
  });

  test('prints the section as Markdown, and in colour', async () => {
    expect((await explained('Captured', '-o', 'markdown'))[1]).toMatch(
      /^## Captured\n\n- \*\*Means\.\*\* `Succeeded=True`\./,
    );
    expect((await explained('Captured', '--color', 'always'))[1]).toContain('- \u001b[1mMeans.\u001b[0m');
    expect((await explained('Captured', '--color=always', '--no-color'))[1]).not.toContain('\u001b');
  });

  test('lists all of them', async () => {
    const [status, text] = await explained();
    expect(status).toBe(0);
    expect(text).toContain('\nEnd of a hold\n');
    expect((await explained('-o', 'markdown'))[1]).toContain('## End of a hold\n\n- `HoldElapsed`:');
  });

  test('says what to do about a word that is no reason', async () => {
    expect(await explained('FreezTimeout')).toEqual([
      1,
      'error: there is no reason "FreezTimeout"; did you mean FreezeTimeout? All of them: kubectl stasis explain',
    ]);
    expect(await explained('web-0-x7k2p')).toEqual([
      1,
      'error: "web-0-x7k2p" is no reason; for a Checkpoint: kubectl stasis tree web-0-x7k2p; all reasons: kubectl stasis explain',
    ]);
    expect(await explained('QuantumFlux')).toEqual([
      1,
      'error: this plugin (version 1.2.3) does not know the reason "QuantumFlux"; a newer Stasis may have it: upgrade the plugin, or see those that it knows: kubectl stasis explain',
    ]);
    expect(await explained('guard', 'x')).toEqual([2, 'error: unexpected argument "x"; explain one reason at a time']);
  });
});
