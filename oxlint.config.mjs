/** The rules of .oxlintrc.json, which editors read too, and the law of pure code for the files of scripts/pure-files.mjs. */
import { readFileSync } from 'node:fs';
import { pureFiles } from './scripts/pure-files.mjs';

const { $schema: _, ...rules } = JSON.parse(readFileSync(new URL('.oxlintrc.json', import.meta.url), 'utf8'));
const message = 'pure files are tested by value: pass it in';
const GLOBALS = ['process', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'require'];
const PROPERTIES = { Date: 'now', Math: 'random' };

export default {
  ...rules,
  overrides: [
    {
      files: pureFiles(),
      rules: {
        'eslint/no-restricted-globals': ['error', ...GLOBALS.map((name) => ({ name, message }))],
        'eslint/no-restricted-properties': [
          'error',
          ...Object.entries(PROPERTIES).map(([object, property]) => ({ object, property, message })),
        ],
      },
    },
  ],
};
