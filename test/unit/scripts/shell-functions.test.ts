/** A law for shell scripts: sh has no local variables, so a function that assigns one may overwrite its caller's. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { assignedIn, shellFunctions } from './shell-functions.js';

const SCRIPTS = execFileSync('git', ['ls-files', '-z'], { cwd: REPOSITORY, encoding: 'utf8' })
  .split('\0')
  .filter((file) => /\.sh$|^bin\/|^\.ci\//.test(file))
  .map((file) => ({ file, text: readFileSync(join(REPOSITORY, file), 'utf8') }))
  .filter(({ text }) => /^#!.*\b(?:ba|da)?sh\b/.test(text));

describe('shellFunctions()', () => {
  test('reads a function on one line, one on many lines, and one inside another', () => {
    const script = 'a() { b=1; } # why\nc() (\n  d() {\n    e=2\n  }\n  d\n)\n';
    expect(shellFunctions(script)).toEqual([
      { name: 'a', subshell: false, body: ' b=1; ' },
      { name: 'c', subshell: true, body: '\n  d() {\n    e=2\n  }\n  d' },
      { name: 'd', subshell: false, body: '\n    e=2' },
    ]);
  });
});

describe('assignedIn()', () => {
  test.each([
    ['folder=$1\n  shift', ['folder']],
    ['directory=$1 date=@$2', ['date', 'directory']],
    ['packages=$(candidates) || exit 1', ['packages']],
    ['test -e x && found="a b"; other=', ['found', 'other']],
    ['for one in a b; do echo "$one"; done', ['one']],
    ['while IFS=: read -r id rest; do :; done', ['id', 'rest']],
    ['if true; then x=1; else y=2; fi', ['x', 'y']],
    ['STASIS_CLUSTER=$name node main.js --name "$name"', []],
    ["printf 'MODULES=list' > file # name=value", []],
    ['[ "${pair%=*}" = a ] && echo "b=$c"', []],
  ])('assignedIn(%j) is %j', (body, names) => {
    expect(assignedIn(body)).toEqual(names);
  });
});

describe('the shell scripts', () => {
  test('have functions, and git lists them', () => {
    expect(SCRIPTS.length).toBeGreaterThan(15);
    expect(SCRIPTS.flatMap(({ text }) => shellFunctions(text)).length).toBeGreaterThan(15);
  });

  test('assign variables in a function only where its body is a subshell', () => {
    const found = SCRIPTS.flatMap(({ file, text }) =>
      shellFunctions(text)
        .filter(({ subshell }) => !subshell)
        .flatMap(({ name, body }) => assignedIn(body).map((variable) => `${file}: ${name}() assigns ${variable}`)),
    );
    expect(found).toEqual([]);
  });
});
