import { expect, test } from '@jest/globals';
import { brokenMentions } from '../../docs/mentions.js';

const TREE = {
  paths: new Set(['docs', 'docs/errors.md', 'docs/runbooks', 'docs/runbooks/StasisNoLeader.md']),
  read: (path: string) => (path === 'docs/errors.md' ? '# Reasons\n## PodBusy\n' : '# Page\n'),
};

test('brokenMentions() accepts documents and headings that exist', () => {
  const text = [
    "say('see docs/errors.md#podbusy.');",
    '// docs/runbooks has docs/runbooks/Stasis*.md; https://kubernetes.io/docs/none.md is somebody else’s',
    'runbook_url: https://github.com/stasis-dev/stasis/blob/main/docs/runbooks/StasisNoLeader.md',
    "const DOCS = 'https://github.com/stasis-dev/stasis/blob/main/docs/';",
    'home: https://github.com/stasis-dev/stasis, sources: [https://github.com/stasis-dev/stasis.git]',
  ].join('\n');
  expect(brokenMentions('x.ts', text, TREE)).toEqual([]);
});

test('brokenMentions() refuses a planted error of each kind', () => {
  const text = [
    'see docs/error.md',
    'see docs/errors.md#nobusy',
    'see docs/runbooks/None*.md',
    '"https://github.com/stasis-dev/stasis/blob/main/docs/runbooks/None.md"',
    '"https://github.com/stasis-dev/stasis/blob/main/docs/errors.md#none"',
    '"https://github.com/stasis-dev/stasis/blob/master/docs/errors.md"',
  ].join('\n');
  expect(brokenMentions('x.ts', text, TREE)).toEqual([
    'x.ts:1: docs/error.md: no such file',
    'x.ts:2: docs/errors.md#nobusy: no such heading',
    'x.ts:3: docs/runbooks/None*.md: no such file',
    'x.ts:4: https://github.com/stasis-dev/stasis/blob/main/docs/runbooks/None.md: no such file',
    'x.ts:5: https://github.com/stasis-dev/stasis/blob/main/docs/errors.md#none: no such heading',
    'x.ts:6: https://github.com/stasis-dev/stasis/blob/master/docs/errors.md: no page of the project',
  ]);
});
