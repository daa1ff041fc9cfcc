/** The flags `--color` and `--no-color`. */
import type { Command } from 'commander';
import { checkChoice, type Checked } from '../option-values.js';
import type { RenderOptions } from '../render-line.js';

const WHEN = ['auto', 'always', 'never'] as const;
export type When = (typeof WHEN)[number];

/** The values of commander, for which `--no-color` is the value false of `--color`. */
export interface RawColorFlag {
  readonly color?: string | false;
}

export function addColorFlag(command: Command): Command {
  return command
    .option('--color <when>', `${WHEN.join('|')}; auto: on a terminal, without NO_COLOR`, 'auto')
    .option('--no-color', 'the same as --color never');
}

export function checkColorFlag({ color = 'auto' }: RawColorFlag): Checked<When> {
  return color === false ? { ok: true, value: 'never' } : checkChoice('--color', color, WHEN);
}

/** How to draw on this terminal after the flag was given. */
export function withColor(output: RenderOptions, when: When): RenderOptions {
  return when === 'auto' ? output : { ...output, color: when === 'always' };
}
