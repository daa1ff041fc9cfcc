/** Tests `kubectl stasis` in a real terminal: tmux, 80 columns. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Plugin } from '../plugin.js';
import { PLUGIN_USER, pluginHere, userOf } from './plugin-users.js';
import { sleeper } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { openWorld, until, type World } from './world.js';

const COLUMNS = 80;

/** The lines of a screen without their colours. */
function plain(screen: string): string[] {
  return stripVTControlCharacters(screen)
    .split('\n')
    .map((line) => line.trimEnd());
}

describeOnHarness('kubectl stasis in a terminal', () => {
  let world: World;
  let plugin: Plugin;
  let user = '';
  let socket = '';
  beforeAll(async () => {
    world = await openWorld('terminal');
    plugin = pluginHere();
    user = await userOf(world, plugin, 'user', PLUGIN_USER);
    socket = join(plugin.folder, 'tmux');
    await world.createPod('web', [sleeper('app')]);
    await world.running('web');
  });
  afterAll(async () => {
    tmux('kill-server');
    plugin.close();
    await world.close();
  });

  function tmux(...args: string[]): string {
    const env = { ...process.env, ...plugin.env, KUBECONFIG: user, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' };
    const ran = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env, encoding: 'utf8' });
    if (ran.error !== undefined) throw ran.error;
    return ran.stdout;
  }

  /**
   * Runs the words in a terminal of their own, and returns its screen when the command has ended, with its colours. A line that the
   * terminal wrapped is one line again (-J), so that it is seen to be too long.
   */
  async function screenOf(words: string, environment = ''): Promise<string> {
    const window = `w${Math.round(performance.now())}`;
    const line = `${environment} kubectl stasis ${words}; echo "ended with $?"; sleep 60`;
    tmux('new-session', '-d', '-s', window, '-x', String(COLUMNS), '-y', '60', 'sh', '-c', line);
    const screen = await until(`the end of ${words}`, async () => {
      const seen = tmux('capture-pane', '-p', '-e', '-J', '-t', window);
      return await Promise.resolve(plain(seen).some((each) => /^ended with \d+$/.test(each)) ? seen : undefined);
    });
    tmux('kill-session', '-t', window);
    return screen;
  }

  test('has colour, fits 80 columns, and leaves no progress line behind', async () => {
    const screen = await screenOf('checkpoint pod/web');
    expect(screen).toContain('\u001b[32m✔ Captured');
    const lines = plain(screen);
    expect(lines[0]).toMatch(/^✔ Captured/);
    expect(lines.some((line) => line.includes('(1s)') || line.includes('Pending'))).toBe(false);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(lines).toContain('ended with 0');
  });

  test('has no colour with NO_COLOR, and none on a dumb terminal', async () => {
    for (const environment of ['NO_COLOR=1', 'TERM=dumb']) {
      const screen = await screenOf('checkpoint pod/web', environment);
      expect(screen).not.toContain('\u001b[');
      expect(screen).toContain('✔ Captured');
    }
  });

  test.each([
    'list',
    'top',
    'timings NAME',
    'tree NAME',
    '--help',
    'hold --help',
    'explain ProbeWouldKill',
    'preflight pod/web',
  ])('kubectl stasis %s fits 80 columns', async (words) => {
    const [{ metadata } = { metadata: { name: '' } }] = await world.checkpoints();
    const screen = await screenOf(words.replace('NAME', metadata.name));
    const lines = plain(screen);
    expect(lines).toContain('ended with 0');
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
  });

  test('Ctrl-C at a hold that has not begun releases it', async () => {
    tmux(
      'new-session',
      '-d',
      '-s',
      'ctrl-c',
      '-x',
      '80',
      '-y',
      '24',
      'sh',
      '-c',
      'kubectl stasis hold pod/web --for 60s --name stopped -- sleep 50; echo "ended with $?"; sleep 60',
    );
    await until('the hold', async () =>
      (await world.getCheckpoint('stopped'))?.status?.heldFrom === undefined ? undefined : true,
    );
    tmux('send-keys', '-t', 'ctrl-c', 'C-c');
    const checkpoint = await world.ended('stopped');
    expect(checkpoint.status?.conditions?.find(({ type }) => type === 'Held')?.reason).toBe('ReleaseRequested');
  });
});
