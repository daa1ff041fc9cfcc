/** The commands of a block, and what the document says that they print. Pure. */
import type { Fence } from './markdown.js';

export interface Command {
  /** The line of the document. */
  readonly line: number;
  readonly text: string;
  /** The lines that the document shows below the command. */
  readonly output: readonly string[];
}

const PROMPTS = [/^\s*\$ (?=\S)/, /^\s*# (?=\S)/];

/**
 * In a block with prompts (`console`), a command begins after `$ `, or after `# ` where no line has the other prompt. Lines
 * that do not continue a command are its output. In a block of a script (`sh`), every line is of a command, and there is no output.
 */
export function commandsOf({ line: first, language, lines }: Fence): Command[] {
  const prompts = language === 'console' || (language !== 'sh' && language !== 'bash' && language !== 'shell');
  const prompt = PROMPTS.find((one) => lines.some((line) => one.test(line))) ?? /^$/;
  const commands: { line: number; text: string; output: string[] }[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const begins = prompts ? prompt.test(line) : /^\s*[^#\s]/.test(line);
    if (!begins) {
      if (prompts) commands.at(-1)?.output.push(line);
      continue;
    }
    const start = at;
    let text = prompts ? line.replace(prompt, '') : line;
    while (isOpen(text) && at + 1 < lines.length) text += `\n${lines[++at]}`;
    commands.push({ line: first + 1 + start, text, output: [] });
  }
  return commands;
}

/** Writes words in place of placeholders: NS, NODE. */
export function withWords(command: Command, words: ReadonlyMap<string, string>): Command {
  const fill = (text: string): string =>
    text.replaceAll(/(?<![\w$])[A-Z]+(?!\w)/g, (placeholder) => words.get(placeholder) ?? placeholder);
  return { ...command, text: fill(command.text), output: command.output.map(fill) };
}

/** Whether a command of a shell goes on in the next line. */
export function isOpen(text: string): boolean {
  const { quote, rest, heredocs } = scan(text);
  if (heredocs.length > 0) return true;
  return quote !== '' || /(?:\\|\||&&|\|\|)$/.test(rest);
}

interface Scanned {
  /** The quote that is open at the end. */
  readonly quote: string;
  /** The last line without its comment. */
  readonly rest: string;
  /** The ends of the documents that have begun and have not ended. */
  readonly heredocs: readonly string[];
}

/** Reads a command as the shell does, as far as quotes, comments and here-documents matter. */
function scan(text: string): Scanned {
  let quote = '';
  let rest = '';
  let heredocs: string[] = [];
  for (const line of text.split('\n')) {
    if (quote === '' && heredocs.length > 0) {
      if (line.trim() === heredocs[0]) heredocs = heredocs.slice(1);
      rest = '';
      continue;
    }
    const begun: string[] = [];
    rest = '';
    for (let at = 0; at < line.length; at++) {
      const char = line.charAt(at);
      if (char === '\\' && quote !== "'") {
        rest += line.slice(at, ++at + 1);
      } else if (quote === '' && char === '#' && (at === 0 || /\s/.test(line.charAt(at - 1)))) {
        break;
      } else {
        const [all, , word] = quote === '' ? (/^<<-?\s*(["']?)(\w+)\1/.exec(line.slice(at)) ?? []) : [];
        if (all !== undefined && word !== undefined) {
          begun.push(word);
          at += all.length - 1;
          rest += all;
          continue;
        }
        if (quote === '' && (char === "'" || char === '"')) quote = char;
        else if (char === quote) quote = '';
        rest += char;
      }
    }
    rest = rest.trimEnd();
    heredocs = [...heredocs, ...begun];
  }
  return { quote, rest, heredocs };
}
