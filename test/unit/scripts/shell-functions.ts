/** Reads the functions of a POSIX shell script, as far as the law in shell-functions.test.ts needs it. */

export interface ShellFunction {
  readonly name: string;
  /** A body in round brackets runs in a subshell: what it assigns is gone when it returns. */
  readonly subshell: boolean;
  readonly body: string;
}

const DEFINITION = /^(\s*)([A-Za-z_]\w*)\(\)\s*([{(])(.*)$/;

/** The functions that `script` defines, those inside other functions too. A body ends at the bracket that is indented as its first line is. */
export function shellFunctions(script: string): ShellFunction[] {
  const lines = script.split('\n');
  return lines.flatMap((line, at) => {
    const [, indent = '', name = '', bracket, rest = ''] = DEFINITION.exec(line) ?? [];
    if (name === '') return [];
    const close = bracket === '(' ? ')' : '}';
    const oneLine = rest.replace(/\s#[^'"]*$/, '').trimEnd();
    if (oneLine.endsWith(close)) return [{ name, subshell: bracket === '(', body: oneLine.slice(0, -1) }];
    const end = lines.findIndex((other, index) => index > at && other.startsWith(`${indent}${close}`));
    if (end === -1) throw new Error(`${name}() has no end that is indented as its first line is`);
    return [{ name, subshell: bracket === '(', body: [rest, ...lines.slice(at + 1, end)].join('\n') }];
  });
}

const QUOTED = /'[^']*'|\\\n|\\./y;

/** `code` with comments left out, and each quotation, `$(…)` and `${…}` as one `_`: what is in them assigns nothing here. */
function masked(code: string): string {
  let text = '';
  for (let at = 0; at < code.length; at++) {
    QUOTED.lastIndex = at;
    const quoted = QUOTED.exec(code)?.[0];
    const end = quoted === undefined ? endOfNested(code, at) : at + quoted.length;
    if (end > at) {
      text += quoted === '\\\n' ? ' ' : '_';
      at = end - 1;
    } else if (code[at] === '#' && /(^|\s)$/.test(text)) {
      while (at + 1 < code.length && code[at + 1] !== '\n') at++;
    } else text += code[at];
  }
  return text;
}

/** Behind the `"…"`, `$(…)` or `${…}` that begins at `at`; `at` itself where none does. They nest in one another. */
function endOfNested(code: string, at: number): number {
  const close = code[at] === '"' ? '"' : code.startsWith('$(', at) ? ')' : code.startsWith('${', at) ? '}' : undefined;
  if (close === undefined) return at;
  let index = at + (close === '"' ? 1 : 2);
  let brackets = 0;
  while (index < code.length && (code[index] !== close || brackets > 0)) {
    QUOTED.lastIndex = index;
    const quoted = close === ')' || code[index] === '\\' ? QUOTED.exec(code)?.[0] : undefined;
    const end = quoted === undefined ? endOfNested(code, index) : index + quoted.length;
    if (close === ')' && code[index] === '(') brackets++;
    if (close === ')' && code[index] === ')') brackets--;
    index = Math.max(index + 1, end);
  }
  return index + 1;
}

const BETWEEN_COMMANDS = /[;&|\n{}()]|(?<=^|\s)(?:if|then|elif|else|while|until|do|!)(?=\s|$)/;

/** The variables that `body` assigns: by `a=1`, `for a in`, `read -r a b`. Not by `A=1 command`: only that command sees it. */
export function assignedIn(body: string): string[] {
  const assigned = masked(body)
    .split(BETWEEN_COMMANDS)
    .flatMap((command) => {
      const words = command.split(/\s+/).filter((word) => word !== '');
      const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
      if (first === -1) return words.map((word) => word.slice(0, word.indexOf('=')));
      const [name = '', ...operands] = words.slice(first);
      if (name === 'for') return operands.slice(0, 1);
      if (name !== 'read' && name !== 'export' && name !== 'readonly') return [];
      return operands.filter((word) => /^[A-Za-z_]/.test(word)).map((word) => word.replace(/=.*/, ''));
    });
  return [...new Set(assigned)].sort();
}
