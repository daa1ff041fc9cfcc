/** The alert rules that are shipped, changed so that nobody waits for minutes until they fire. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { REPOSITORY } from '../../kernel/harness/programs.js';

/** The changes in the expressions that make an alert fire in seconds and still mean the same. */
const HURRIED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  // The guard ends an agent 0.7 s after the end of the hold that it does not end itself.
  StasisPodHeldTooLong: [['> 10', '> 0.3']],
  // The last values of a deleted pod count for 3 minutes, and earlier tests have replaced pods.
  StasisGuardDown: [['[3m]', '[5s]']],
  StasisPauseOverBudget: [['[10m]', '[5s]']],
  StasisNoLeader: [['[3m]', '[5s]']],
  StasisQueueStuck: [['> 120', '> 5']],
};

interface RulesFile {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly { readonly alert: string; readonly expr: string; readonly for?: string }[];
  }[];
}

/** The names of all alerts of the file. */
export function alertNames(): readonly string[] {
  return shippedRules().map(({ alert }) => alert);
}

/** The text of a rules file in which each `for` is 2 s. */
export function hurriedRules(): string {
  const rules = shippedRules().map((rule) => {
    const expr = (HURRIED[rule.alert] ?? []).reduce((changed, [from, to]) => {
      if (!changed.includes(from)) throw new Error(`${rule.alert} has no ${from}`);
      return changed.replaceAll(from, to);
    }, rule.expr);
    return { ...rule, expr, ...(rule.for === undefined ? {} : { for: '2s' }) };
  });
  return stringify({ groups: [{ name: 'stasis', rules }] });
}

function shippedRules(): RulesFile['groups'][number]['rules'] {
  const { groups } = parse(readFileSync(join(REPOSITORY, 'deploy/alerts/stasis.rules.yaml'), 'utf8')) as RulesFile;
  return groups.flatMap(({ rules }) => rules);
}
