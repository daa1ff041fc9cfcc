import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { REASONS, RELEASED_REASONS } from '../../../../src/api/reasons.js';
import { findTopic, firstSentence, linksOf, TOPIC_GROUPS, TOPICS } from '../../../../src/cli/kubectl/topics.js';
import { renderTopic, renderTopics, topicMarkdown, topicsMarkdown } from '../../../../src/cli/kubectl/render-topic.js';

const found = (word: string): unknown => {
  const result = findTopic(word);
  return result.kind === 'found' ? result.topic.name : result;
};

test('the sections are those of docs/errors.md', () => {
  expect(() =>
    execFileSync(process.execPath, ['scripts/generate-errors.mjs', '--check'], { stdio: 'pipe' }),
  ).not.toThrow();
});

describe('the topics', () => {
  test('are every reason once, with the reasons of Released and the causes of unfrozen', () => {
    const names = TOPICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(
      names.toSorted().filter((name) => [...REASONS, ...RELEASED_REASONS].some((known) => known === name)),
    ).toEqual([...REASONS, ...RELEASED_REASONS].toSorted());
    expect(TOPIC_GROUPS.at(-1)?.topics.map(({ name }) => name)).toEqual([
      'Uninterruptible',
      'KernelThread',
      'VforkParent',
      'Exiting',
      'CoreDump',
      'InKernel',
      'Traced',
      'Unknown',
    ]);
  });

  test('have a first sentence each', () => {
    const sentences = TOPICS.map((topic) => firstSentence(topic));
    expect(sentences.filter((sentence) => !/^["`(A-Z].{6,}\.$/.test(sentence))).toEqual([]);
    expect(sentences[0]).toBe('The tasks were held, read and released.');
  });

  test('link to topics and documents', () => {
    const topic = { name: 'A', markdown: '[x](#holdelapsed) [y](hold.md#probes) [z](#holdelapsed)' };
    expect(linksOf(topic)).toEqual({ topics: ['HoldElapsed'], files: ['docs/hold.md#probes'] });
  });
});

describe('findTopic()', () => {
  test('takes a name in any case, and the beginning of one', () => {
    expect(found('FreezeTimeout')).toBe('FreezeTimeout');
    expect(found('freezetimeout')).toBe('FreezeTimeout');
    expect(found('freezet')).toBe('FreezeTimeout');
    expect(found('freezersr')).toBe('FreezersRestored');
    expect(found('uninter')).toBe('Uninterruptible');
  });

  test('names what the word may have meant', () => {
    expect(found('node')).toEqual({
      kind: 'several',
      names: [
        'NodeBusy',
        'NodeAgentLost',
        'NodeAgentRestarted',
        'NodeAgentUnavailable',
        'NodeDrained',
        'NodeAgentStopped',
      ],
    });
    expect(found('FreezTimeout')).toEqual({ kind: 'like', names: ['FreezeTimeout'] });
    expect(found('web-0-x7k2p')).toEqual({ kind: 'unknown' });
    expect(found('')).toEqual({ kind: 'unknown' });
    expect(found('x'.repeat(100_000))).toEqual({ kind: 'unknown' });
  });
});

describe('the explanation', () => {
  const topic = {
    name: 'HoldX',
    markdown: '- **Means.** It ended, see [HoldElapsed](#holdelapsed).\n- **Do.** Read [hold.md](hold.md).',
  };

  test('is text with the further reading at its end', () => {
    expect(renderTopic(topic, { color: false, width: 40 })).toBe(`\
HoldX

- Means. It ended, see HoldElapsed.
- Do. Read hold.md.

See also:
  kubectl stasis explain HoldElapsed
  docs/hold.md in the sources of Stasis
`);
  });

  test('is the section itself as Markdown', () => {
    expect(topicMarkdown(topic)).toBe(`## HoldX\n\n${topic.markdown}\n`);
  });

  test('is a sentence each where all are listed', () => {
    // A file has room for whole sentences.
    expect(renderTopics({ color: false })).not.toContain('…');
    expect(topicsMarkdown()).not.toContain('<!--');
    for (const each of TOPICS) expect(each.markdown).not.toContain('<!--');
    const list = renderTopics({ color: false, width: 80 });
    expect(list.split('\n').slice(0, 5)).toEqual([
      'Success',
      '  Captured                  The tasks were held, read and released.',
      '  DryRunPassed              A dry run found nothing that stands in the way.',
      '',
      'Progress',
    ]);
    expect(list.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(topicsMarkdown()).toContain('## Success\n\n- `Captured`: The tasks were held, read and released.\n');
  });
});
