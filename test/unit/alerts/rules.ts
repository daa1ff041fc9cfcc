/** The rules file, its tests and its documents, as the tests of this folder read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { REPOSITORY } from '../../kernel/harness/programs.js';

export const RUNBOOKS = 'docs/runbooks';
const TESTS = 'deploy/alerts/tests';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A test of promtool. */
export interface RuleTest {
  readonly name: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
  }[];
  readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
}

export const read = (...path: string[]): string => readFileSync(join(REPOSITORY, ...path), 'utf8');
export const namesIn = (folder: string): string[] => readdirSync(join(REPOSITORY, folder)).toSorted();

export const RULES: readonly Rule[] = (
  parse(read('deploy/alerts/stasis.rules.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap(({ rules }) => rules);
export const ALERTS = RULES.map(({ alert }) => alert).toSorted();

/** The tests in the file of this name, such as `quiet`. */
export function testsIn(name: string): readonly RuleTest[] {
  return (parse(read(TESTS, `${name}.yaml`)) as { tests: RuleTest[] }).tests;
}

export const testFiles = (): string[] => namesIn(TESTS).map((file) => file.replace(/\.yaml$/, ''));

/** The names of metrics in an expression: words that are followed by a selector, a window, or neither, but are not PromQL's own. */
export function metricsOf(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}/g, '').replace(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, '');
  return [...new Set(bare.match(/\b[a-z]+_[a-z_]+\b(?!\s*\()/g))].toSorted();
}
