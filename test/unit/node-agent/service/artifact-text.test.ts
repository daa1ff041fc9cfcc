import { describe, expect, test } from '@jest/globals';
import { artifactText } from '../../../../src/node-agent/service/artifact-text.js';
import { processRow } from '../../builders.js';
import { goodReport, podCapture } from './fixtures.js';

const TIME = '2026-01-01T00:00:00.000Z';

/** The names of processes that a terminal would act on: CSI as one character, bidirectional override, DEL, tag, line separator. */
const HOSTILE = '\u009b2J\u202e\u007f\u{e0001}\u2028"\\\n';

describe('artifactText()', () => {
  test('carries every value, with nothing raw that the terminal would obey on which status.artifact.command prints it', () => {
    const tree = [processRow({ pid: 1, comm: HOSTILE, exe: `/${HOSTILE}` }), processRow({ pid: 2 })];
    const cmdlines = new Map([[2, { cmdline: [HOSTILE] }]]);
    const facts = {
      object: podCapture(1),
      report: goodReport({ tree }),
      startTime: TIME,
      completionTime: TIME,
      cmdlines,
    };
    const text = [...artifactText(facts)].join('');
    expect(text).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
    expect((JSON.parse(text) as { status: { tree: unknown } }).status.tree).toMatchObject([
      { pid: 1, comm: HOSTILE, exe: `/${HOSTILE}` },
      { pid: 2, cmdline: [HOSTILE] },
    ]);
    // Each line after the head is one row of the tree.
    expect(text.split('\n').map((line) => line.slice(0, 8))).toEqual(['{"apiVer', '{"ppid":', '{"ppid":', ']}}', '']);
  });
});
