import { describe, expect, test } from '@jest/globals';
import { isPatch, NAME, NOT_COVERED, patches, RUN, running } from './running-command.js';
import { forbidden, refusal, TIMED_OUT, UNREACHABLE, type Call, type Fate } from './scripted-api.js';
import type { FakePlugin } from './surroundings.js';

describe('kubectl stasis hold -- COMMAND: a server that does not answer', () => {
  test('the release is tried until it is accepted', async () => {
    const plugin = running(5_000);
    plugin.script.fate = cutOff(plugin, 5_000, 60_000, UNREACHABLE);
    expect(await plugin.run(RUN)).toBe(0);
    expect(plugin.stderr.slice(1)).toEqual([
      expect.stringMatching(
        /^the pod cannot be released yet: the API server at .* cannot be reached .*; tries again until [\d:]+, when the hold ends by itself$/,
      ),
      expect.stringMatching(/^pod\/web-0 was held for 1m \ds, and runs again$/),
    ]);
  });

  test('a request that hangs is given up after 5 s', async () => {
    const plugin = running(5_000);
    let hung = 0;
    plugin.script.fate = (call) => {
      if (!isPatch(call)) return undefined;
      hung += 1;
      return hung === 1 ? 'hang' : undefined;
    };
    expect(await plugin.run(RUN)).toBe(0);
    expect(plugin.stderr.at(-1)).toBe('pod/web-0 was held for 10.2s, and runs again');
  });

  test('a release whose answer was lost is recognised as ours', async () => {
    const plugin = running(5_000, { kind: 'exited', status: 0 }, { letGoAfter: 60_000 });
    let lost = 0;
    plugin.script.fate = (call) => {
      if (!isPatch(call)) return undefined;
      lost += 1;
      return lost === 1 ? 'unanswered' : undefined;
    };
    expect(await plugin.run(RUN)).toBe(0);
    expect(plugin.script.log.filter((line) => line.startsWith('patch'))).toHaveLength(2);
  });

  test('the same where the pod is let go before the second attempt', async () => {
    const plugin = running(5_000);
    let lost = 0;
    plugin.script.fate = (call) => {
      if (!isPatch(call)) return undefined;
      lost += 1;
      return lost === 1 ? 'unanswered' : undefined;
    };
    expect(await plugin.run(RUN)).toBe(0);
  });

  test('a server that stays away until the hold is over by itself leaves the proof open', async () => {
    const plugin = running(5_000);
    plugin.script.fate = cutOff(plugin, 5_000, 1e9, TIMED_OUT);
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr).toHaveLength(3);
    expect(plugin.stderr.at(-1)).toContain(
      `${NOT_COVERED}the release did not reach the server until the hold was over by itself`,
    );
    expect(plugin.clock.monotonic()).toBeGreaterThan(600_000);
  });

  test('a server that goes away and comes back while the command runs does not matter', async () => {
    const plugin = running(500_000);
    plugin.script.fate = cutOff(plugin, 1_000, 400_000, UNREACHABLE);
    plugin.later(1_000, () => plugin.script.watches.forEach((watch) => watch.fail(UNREACHABLE)));
    expect(await plugin.run(RUN)).toBe(0);
    expect(plugin.stderr).toHaveLength(2);
  });

  test('a Checkpoint that changes all the time is released at last', async () => {
    const plugin = running(5_000);
    plugin.script.fate = (call) => {
      if (isPatch(call) && patches(plugin) < 9)
        plugin.report(NAME, [['Succeeded', 'Unknown', 'Holding', `${plugin.script.calls.length}`]]);
      return undefined;
    };
    expect(await plugin.run(RUN)).toBe(0);
    expect(patches(plugin)).toBe(9);
  });

  test('a defect of the plugin does not leave the pod held', async () => {
    const plugin = running(5_000);
    plugin.programs.start = () => {
      throw new Error('a defect');
    };
    await expect(plugin.run(RUN)).rejects.toThrow('a defect');
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBe(true);
  });

  test('a release that is forbidden is told', async () => {
    const plugin = running(5_000);
    plugin.script.fate = (call) => (isPatch(call) ? forbidden(call) : undefined);
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toContain(`${NOT_COVERED}the pod could not be released: you may not patch`);
  });

  test('an end that nobody tells is not taken for a release', async () => {
    const plugin = running(5_000);
    plugin.script.onPatched = () => undefined;
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toBe(
      `${NOT_COVERED}the pod was released, but nothing told how the hold ended; if the node does not hear of it, the pod stays held until its 600 s are over`,
    );
  });

  test('an overloaded server is asked again', async () => {
    const plugin = running(5_000);
    plugin.script.fate = (call) =>
      isPatch(call) && patches(plugin) < 4 ? refusal(429, 'TooManyRequests', 'later') : undefined;
    expect(await plugin.run(RUN)).toBe(0);
  });
});

describe('kubectl stasis hold -- COMMAND: signals', () => {
  test('Ctrl-C reaches the command from the terminal; the plugin does not repeat it, and waits', async () => {
    const plugin = running(9_000);
    for (const at of [1_000, 1_100, 2_000]) plugin.later(at, () => plugin.signal('SIGINT'));
    plugin.later(3_000, () => plugin.signal('SIGQUIT'));
    expect(await plugin.run(RUN)).toBe(0);
    expect(plugin.programs.sent).toEqual([]);
    expect(plugin.stderr.at(-1)).toBe('pod/web-0 was held for 9.0s, and runs again');
  });

  test('without a terminal, nobody else sends it', async () => {
    const plugin = running(900_000);
    plugin.programs.terminal = false;
    plugin.programs.onSignal = () => plugin.programs.end({ kind: 'killed', signal: 'SIGINT', number: 2 });
    plugin.later(1_000, () => plugin.signal('SIGINT'));
    expect(await plugin.run(RUN)).toBe(130);
    expect(plugin.programs.sent).toEqual(['SIGINT']);
  });

  test.each(['SIGTERM', 'SIGHUP'])('%s is forwarded, and the command is waited for', async (name) => {
    const plugin = running(900_000);
    plugin.programs.onSignal = () => plugin.later(3_000, () => plugin.programs.end({ kind: 'exited', status: 9 }));
    plugin.later(1_000, () => plugin.signal(name));
    expect(await plugin.run(RUN)).toBe(9);
    expect(plugin.programs.sent).toEqual([name]);
    expect(plugin.stderr.at(-1)).toBe('pod/web-0 was held for 3.8s, and runs again');
  });

  test('a command that does not end goes on without the hold', async () => {
    const plugin = running(900_000);
    plugin.later(1_000, () => plugin.signal('SIGTERM'));
    plugin.later(2_000, () => plugin.signal('SIGTERM'));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.programs.sent).toEqual(['SIGTERM', 'SIGTERM']);
    expect(plugin.programs.left).toBe(true);
    expect(plugin.stderr.slice(1)).toEqual([
      'error: the command has not ended within 10 s of the signal, and goes on without the hold; the pod is let go',
    ]);
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBe(true);
  });

  test('only a key that is pressed again after a line ends the trying, and not the one that ended the command', async () => {
    const plugin = running(5_000, { kind: 'killed', signal: 'SIGINT', number: 2 });
    plugin.script.fate = cutOff(plugin, 5_000, 1e9, UNREACHABLE);
    plugin.later(5_250, () => plugin.signal('SIGINT'));
    for (const at of [8_000, 20_000]) plugin.later(at, () => plugin.signal('SIGINT'));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.clock.monotonic()).toBeLessThan(25_000);
    expect(plugin.clock.monotonic()).toBeGreaterThanOrEqual(20_000);
    expect(plugin.stderr.at(-1)).toContain(
      `${NOT_COVERED}the pod is not released: the release was given up: the API server at api.example.com:6443`,
    );
  });

  test('a signal in the moment in which the pod is held starts nothing', async () => {
    const plugin = running(5_000);
    plugin.programs.hasTerminal = async () => {
      plugin.signal('SIGTERM');
      return await Promise.resolve(true);
    };
    expect(await plugin.run(RUN)).toBe(143);
    expect(plugin.programs.started).toEqual([]);
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBe(true);
  });
});

function cutOff(plugin: FakePlugin, from: number, until: number, error: Fate): (call: Call) => Fate {
  const began = plugin.clock.monotonic();
  return () => {
    const passed = plugin.clock.monotonic() - began;
    return passed >= from && passed < until ? error : undefined;
  };
}
