/** The flag that says where Stasis itself is installed. */
import { Option } from 'commander';
import { refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';
import { isNamespaceName } from './cluster-flags.js';

export function stasisNamespaceFlag(): Option {
  return new Option('--stasis-namespace <name>', 'where Stasis is installed (default: looked for)');
}

export function checkStasisNamespace(value: string | undefined): Checked<string | undefined> {
  if (value === undefined || isNamespaceName(value)) return { ok: true, value };
  return refuse(`--stasis-namespace: ${quoteValue(value)} is no name of a namespace`);
}
