/** Decides which words may be offered as completions. Pure. */

/** Letters and digits of any script, and the signs of names, addresses and paths that have no meaning in any shell. */
const PLAIN = /^[\p{L}\p{N}_][-\p{L}\p{N}_.,:/@%+=]*$/u;

/**
 * Whether a word means itself in every shell. Names come from clusters and kubeconfigs that others may have written, and some scripts,
 * those of kubectl before all, put a candidate into the command line as it is, where `web-$(command)` would run the command. So a
 * word that would have to be quoted is not offered at all.
 */
export function isPlainWord(word: string): boolean {
  return PLAIN.test(word);
}
