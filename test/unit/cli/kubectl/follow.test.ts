import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, type Checkpoint } from '../../../../src/api/kinds.js';
import { follow, type Seen } from '../../../../src/cli/kubectl/follow.js';
import { forbidden, refusal, UNREACHABLE, type Call } from './scripted-api.js';
import { FakePlugin } from './surroundings.js';

const WATCHES = ({ verb }: Call): boolean => verb === 'watch';

/** Follows a Checkpoint for the given time, and returns what was seen and when, in milliseconds from the beginning. */
class Following {
  readonly plugin = new FakePlugin();
  readonly seen: string[] = [];
  readonly stop = new AbortController();
  readonly #began = this.plugin.clock.monotonic();
  ended = false;

  constructor() {
    const metadata = { name: 'web', namespace: 'shop', uid: 'uid-1' };
    this.plugin.model.put(CHECKPOINTS, { metadata, spec: { podName: 'web-0' } });
  }

  get checkpoint(): Checkpoint {
    return this.plugin.checkpoint('web') ?? raise();
  }

  at(milliseconds: number, action: () => void): void {
    this.plugin.later(milliseconds, action);
  }

  say(reason: string): void {
    this.plugin.report('web', [['Succeeded', 'Unknown', reason]]);
  }

  get passed(): number {
    return this.plugin.clock.monotonic() - this.#began;
  }

  async for(milliseconds: number): Promise<readonly string[]> {
    void this.#run();
    await this.plugin.clock.advance(milliseconds);
    this.stop.abort();
    await this.plugin.clock.advance(0);
    return this.seen;
  }

  async #run(): Promise<void> {
    const { api } = this.plugin.script;
    const { clock } = this.plugin;
    for await (const seen of follow({ api, clock, checkpoint: this.checkpoint, signal: this.stop.signal }))
      this.seen.push(`${this.passed} ${words(seen)}`);
    this.ended = true;
  }
}

function words(seen: Seen): string {
  switch (seen.kind) {
    case 'state':
      return seen.checkpoint.status?.conditions?.[0]?.reason ?? 'new';
    case 'gone':
      return 'gone';
    case 'trouble':
      return `trouble for ${seen.forMilliseconds}`;
    case 'lost':
      return `lost: ${seen.error.code ?? seen.error.reason}`;
    default:
      return seen satisfies never;
  }
}

function raise(): never {
  throw new Error('there is no Checkpoint');
}

describe('follow(): a watch', () => {
  test('tells every change at once, the given state first', async () => {
    const following = new Following();
    following.at(100, () => following.say('Dispatched'));
    following.at(150, () => following.say('Capturing'));
    expect(await following.for(1_000)).toEqual(['0 new', '100 Dispatched', '150 Capturing']);
    expect(following.plugin.script.calls[0]?.options).toEqual({
      fieldSelector: 'metadata.name=web',
      resourceVersion: '101',
      timeoutSeconds: 300,
    });
  });

  test('ends with the signal, and leaves no watch and no timer', async () => {
    const following = new Following();
    await following.for(25_000);
    expect([following.ended, following.plugin.script.watches.size, following.plugin.clock.nextIn]).toEqual([
      true,
      0,
      undefined,
    ]);
  });

  test('a watch that ends is opened again, and misses nothing', async () => {
    const following = new Following();
    following.at(1_000, () => following.plugin.script.watches.forEach((watch) => watch.end()));
    following.at(1_500, () => following.say('Capturing'));
    expect(await following.for(4_000)).toEqual(['0 new', '3000 Capturing']);
  });

  test('a version that is too old makes the watch begin at the present', async () => {
    const following = new Following();
    following.at(1_000, () =>
      following.plugin.script.watches.forEach((watch) => watch.fail(refusal(410, 'Expired', 'too old'))),
    );
    following.at(1_500, () => following.say('Capturing'));
    await following.for(5_000);
    expect(following.plugin.script.calls.filter(WATCHES).map(({ options }) => options['resourceVersion'])).toEqual([
      '101',
      '',
    ]);
    expect(following.seen[1]).toMatch(/ Capturing$/);
  });

  test('the same where the server refuses the watch with 410', async () => {
    const following = new Following();
    following.plugin.script.fate = (call) =>
      WATCHES(call) && call.options['resourceVersion'] !== '' ? refusal(410, 'Expired', 'too old') : undefined;
    await following.for(3_000);
    expect(following.plugin.script.watches.size).toBe(0);
    expect(following.plugin.script.calls.filter(WATCHES).map(({ options }) => options['resourceVersion'])).toEqual([
      '101',
      '',
    ]);
  });

  test('a silent watch is overtaken by a read', async () => {
    const following = new Following();
    following.at(1_000, () => following.plugin.script.watches.forEach((watch) => watch.silence()));
    following.at(2_000, () => following.say('Capturing'));
    expect(await following.for(15_000)).toEqual(['0 new', '10000 Capturing']);
  });

  test('a state that a read has overtaken is not told after it', async () => {
    const following = new Following();
    // The watch begins anew from the first version, and tells the old states again.
    following.at(500, () => following.say('Dispatched'));
    following.at(600, () => following.say('Capturing'));
    following.at(1_000, () =>
      following.plugin.script.watches.forEach((watch) => watch.fail(refusal(410, 'Expired', 'too old'))),
    );
    expect(await following.for(30_000)).toEqual(['0 new', '500 Dispatched', '600 Capturing']);
  });

  test('a read that hangs does not hold up the watch', async () => {
    const following = new Following();
    following.plugin.script.fate = ({ verb }) => (verb === 'get' ? 'hang' : undefined);
    following.at(12_000, () => following.say('Capturing'));
    expect(await following.for(20_000)).toEqual(['0 new', '12000 Capturing']);
  });
});

describe('follow(): reads', () => {
  test('a watch that is refused is replaced by a read every 2 s', async () => {
    const following = new Following();
    following.plugin.script.fate = (call) => (WATCHES(call) ? forbidden(call) : undefined);
    following.at(2_500, () => following.say('Capturing'));
    expect(await following.for(6_500)).toEqual(['0 new', '4000 Capturing']);
    expect(following.plugin.script.log).toEqual(['watch checkpoints', ...Array<string>(3).fill('get checkpoints web')]);
  });

  test('a role that may watch and not read is served by the watch', async () => {
    const following = new Following();
    following.plugin.script.fate = (call) => (call.verb === 'get' ? forbidden(call) : undefined);
    following.at(300_000, () => following.plugin.script.watches.forEach((watch) => watch.end()));
    following.at(400_000, () => following.say('Capturing'));
    const seen = await following.for(500_000);
    expect(seen.filter((line) => !line.includes('trouble'))).toEqual(['0 new', '400000 Capturing']);
  });

  test('without either, nothing more is told', async () => {
    const following = new Following();
    following.plugin.script.fate = (call) => forbidden(call);
    expect(await following.for(10_000)).toEqual(['0 new', '2000 lost: 403']);
    expect(following.ended).toBe(true);
  });

  test('a server that does not answer is a trouble, whose end is told, and lost after two minutes', async () => {
    const following = new Following();
    let down = true;
    following.plugin.script.fate = () => (down ? UNREACHABLE : undefined);
    following.at(5_000, () => (down = false));
    following.at(20_000, () => {
      down = true;
      following.plugin.script.watches.forEach((watch) => watch.end());
    });
    const seen = await following.for(200_000);
    expect(seen.slice(0, 4)).toEqual(['0 new', '2000 trouble for 2000', '4000 trouble for 4000', '6000 new']);
    expect(seen[4]).toMatch(/^22000 trouble for /);
    expect(seen.at(-1)).toMatch(/ lost: Unreachable$/);
    expect(following.passed).toBe(200_000);
    expect(Number(seen.at(-1)?.split(' ')[0])).toBeLessThanOrEqual(20_000 + 120_000);
  });

  test.each(['watch', 'get'])('a Checkpoint that is deleted is gone (seen by a %s)', async (verb) => {
    const following = new Following();
    following.plugin.script.fate = (call) => (call.verb === 'watch' && verb === 'get' ? forbidden(call) : undefined);
    following.at(1_000, () => following.plugin.model.drop(CHECKPOINTS, 'shop', 'web'));
    expect(await following.for(10_000)).toEqual(['0 new', `${verb === 'get' ? 2000 : 1000} gone`]);
    expect(following.ended).toBe(true);
  });

  test.each(['watch', 'get'])('another Checkpoint of the same name is not this one (seen by a %s)', async (verb) => {
    const following = new Following();
    following.plugin.script.fate = (call) => (call.verb === 'watch' && verb === 'get' ? forbidden(call) : undefined);
    following.at(1_000, () =>
      following.plugin.model.put(CHECKPOINTS, { metadata: { name: 'web', namespace: 'shop', uid: 'uid-2' }, spec: {} }),
    );
    expect(await following.for(10_000)).toEqual(['0 new', `${verb === 'get' ? 2000 : 1000} gone`]);
  });
});
