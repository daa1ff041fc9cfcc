/** Completes the plugin's command line in the shells themselves, against an API server. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { FakeApiServer, type FakeHandler } from '../fake/api-server.js';
import { bundled, environment, run } from './built-plugin.js';

const BOUND_MS = 60_000;
/** Less than the credential plugin hangs, and much more than the 2 s of a quiet machine. */
const HANGS_MS = 15_000;

/** A line that a person has written, and the words that the shell may offer for the last word. */
type Case = readonly [line: string, offered: readonly string[]];

const CASES: readonly Case[] = [
  ['kubectl-stasis tre', ['tree']],
  ['kubectl-stasis checkpoint --dry', ['--dry-run']],
  ['kubectl-stasis tree -o ', ['tree', 'json', 'yaml']],
  ['kubectl-stasis tree --output=j', ['--output=json']],
  ['kubectl-stasis tree --output=', ['--output=tree', '--output=json', '--output=yaml']],
  ['kubectl-stasis tree ', ['web-0-x7k2p', 'web-1-aaaaa']],
  ['kubectl-stasis tree -n shop web-1', ['web-1-aaaaa']],
  ['kubectl-stasis tree -n elsewhere ', []],
  ['kubectl-stasis checkpoint pod/w', ['pod/web-0', 'pod/web-1']],
  ['kubectl-stasis checkpoint pod/web-0 -c ', ['app', 'sidecar']],
  ['kubectl-stasis tree --context ', ['test']],
  ['kubectl-stasis tree --kubeconfig only-', ['only-here']],
  ['kubectl-stasis tree --kubeconfig=only-', ['--kubeconfig=only-here']],
  ['kubectl-stasis checkpoint pod/web-0 -- cat only-', ['only-here']],
];

const named = (...names: readonly string[]): object => ({
  items: names.map((name) => ({ metadata: { name } })),
  metadata: { resourceVersion: '1' },
});

const answer: FakeHandler = ({ path }, response) => {
  switch (path) {
    case '/apis/stasis.dev/v1alpha1/namespaces/team-a/checkpoints':
    case '/apis/stasis.dev/v1alpha1/namespaces/shop/checkpoints':
      return response.json(200, named('web-0-x7k2p', 'web-1-aaaaa'));
    case '/api/v1/namespaces/team-a/pods':
      return response.json(200, named('web-0', 'web-1', 'db-0'));
    case '/api/v1/namespaces/team-a/pods/web-0':
      return response.json(200, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-0' },
        spec: { containers: [{ name: 'app' }, { name: 'sidecar' }] },
      });
    default:
      return response.status(403, 'Forbidden');
  }
};

let folder: string;
let server: FakeApiServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-completion-'));
  writeFileSync(join(folder, 'only-here'), '');
  server = await FakeApiServer.start(answer);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script that prints for each line of CASES a line `== LINE`, and below it a candidate a line. */
async function ask(shell: string, args: readonly string[], script: string): Promise<ReadonlyMap<string, string[]>> {
  const file = join(folder, `ask.${shell}`);
  writeFileSync(file, script);
  const env = { ...environment(folder), KUBECONFIG: server.kubeconfig() };
  const { stdout, stderr } = await run(shell, [...args, file], { cwd: folder, env });
  expect(stderr).toBe('');
  const blocks = stdout.split(/^== /m).slice(1);
  return new Map(
    blocks.map((block) => {
      const [line = '', ...found] = block.split('\n');
      return [line, found.filter((each) => each !== '').map((each) => each.split('\t')[0] ?? '')];
    }),
  );
}

const quoted = CASES.map(([line]) => `'${line}'`).join(' ');

function hasShell(shell: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${shell}`], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write(`skipped: completion in ${shell}: ${shell} is not installed\n`);
    return false;
  }
}

/** bash cuts a word at `=`, and replaces what is behind it. */
const BASH = `
source <(kubectl-stasis completion bash)
for line in ${quoted}; do
  echo "== $line"
  COMP_WORDS=()
  for word in $line; do
    case $word in
    *=*) COMP_WORDS+=("\${word%%=*}" =); [[ -z \${word#*=} ]] || COMP_WORDS+=("\${word#*=}") ;;
    *) COMP_WORDS+=("$word") ;;
    esac
  done
  [[ $line != *' ' ]] || COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  __kubectl_stasis
  printf '%s\\n' "\${COMPREPLY[@]}"
done
`;

/** The inner zsh has a terminal. It prints what the completion adds to the list of matches. */
const ZSH = `
zmodload zsh/zpty
cat > inner.zsh << 'INNER'
PS1= PS2=
autoload -Uz compinit
compinit -u -D
source <(kubectl-stasis completion zsh)
compadd() {
  local -a hits
  if [[ " $* " == *\\ -[OAD]\\ * ]]; then builtin compadd "$@"; return; fi
  builtin compadd -O hits "$@"
  (( $#hits )) && print -rl -- '' HIT:$^hits
  builtin compadd "$@"
}
probe() { zle complete-word; zle kill-buffer; print -r -- $'\\n'"DONE"; }
zle -N probe
bindkey '^I' probe
INNER
zpty inner zsh -f -i
until_mark() { local out= all=; while zpty -r inner out; do all+=$out; [[ $out == *$1* ]] && break; done; REPLY=$all }
zpty -w inner "source ./inner.zsh; echo REA''DY"
until_mark READY
for line in ${quoted}; do
  print -r -- "== $line"
  zpty -w -n inner "$line"$'\\t'
  until_mark DONE
  for hit in \${(f)REPLY}; do [[ $hit == HIT:* ]] && print -r -- \${\${hit#HIT:}%%$'\\r'*}; done
done
zpty -d inner
`;

const FISH = `
kubectl-stasis completion fish | source
for line in ${quoted}
    echo "== $line"
    complete -C "$line"
end
`;

/** The shell itself offers something too: bash the part behind the \`=\`, and zsh where files are concerned. */
function expected(shell: string, line: string, offered: readonly string[]): readonly string[] {
  const onlyValue = shell === 'bash' || (shell === 'zsh' && line.includes('--kubeconfig='));
  return [...(onlyValue ? offered.map((each) => each.replace(/^--[a-z]+=/, '')) : offered)].sort();
}

(bundled ? describe : describe.skip)('kubectl-stasis __complete', () => {
  test.each([
    ['the API server never answers', {}],
    [
      'the credential plugin hangs',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['20'] } },
    ],
  ])('a completion ends, and says nothing, where %s', async (_, user) => {
    const silent = await FakeApiServer.start(() => undefined);
    try {
      const env = { ...environment(folder), KUBECONFIG: silent.kubeconfig(user) };
      const since = performance.now();
      const ran = await run('kubectl-stasis', ['__complete', 'tree', ''], { cwd: folder, env });
      expect(ran).toEqual({ status: 0, stdout: ':4\n', stderr: '' });
      expect(performance.now() - since).toBeLessThan(HANGS_MS);
    } finally {
      await silent.close();
    }
  });
});

const SHELLS = [
  ['bash', ['--norc'], BASH],
  ['zsh', ['-f'], ZSH],
  ['fish', ['--no-config'], FISH],
] as const;

(bundled ? describe : describe.skip)('the scripts of kubectl stasis completion', () => {
  test.each(SHELLS.filter(([shell]) => hasShell(shell)))(
    'completion in %s offers commands, options, values, names in the cluster, and files',
    async (shell, args, script) => {
      const found = await ask(shell, args, script);
      for (const [line, offered] of CASES)
        expect([line, [...(found.get(line) ?? [])].sort()]).toEqual([line, expected(shell, line, offered)]);
    },
    BOUND_MS,
  );
});
