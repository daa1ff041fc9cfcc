/** The three forms in which a capture is printed. */
import type { PodCapture } from '../api/podcapture.js';
import type { CheckpointOptions } from './checkpoint-arguments.js';
import { renderJson } from './render-json.js';
import type { RenderOptions } from './render-line.js';
import { renderTree } from './render-tree.js';

/**
 * Formats a capture, ending in a newline. `json` and `yaml` carry every value as it is, but write what must not reach a
 * terminal raw (escape sequences in a process's name) in their own escapes, which every parser reads back. Colour and
 * width are for `tree` only.
 */
export async function formatCapture(
  capture: PodCapture,
  output: CheckpointOptions['output'],
  options: RenderOptions,
): Promise<string> {
  switch (output) {
    case 'tree':
      return renderTree(capture, options);
    case 'json':
      return renderJson(capture);
    case 'yaml': {
      // The YAML library takes 30 ms to load. The other forms do not need it.
      const { renderYaml } = await import('./render-yaml.js');
      return renderYaml(capture);
    }
    default:
      return output satisfies never;
  }
}
