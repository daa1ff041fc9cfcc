/** Compares versions of the plugin and of Stasis in a cluster. Pure. */

/**
 * Returns what to do where the two differ by more than a patch, and undefined otherwise. Also undefined for texts that are no
 * versions, as those of a build that was not released.
 */
export function describeSkew(plugin: string, stasis: string): string | undefined {
  const [a, b] = [parse(plugin), parse(stasis)];
  if (a === undefined || b === undefined) return undefined;
  const order = a.major === b.major ? a.minor - b.minor : a.major - b.major;
  if (order === 0) return undefined;
  return order < 0
    ? `the plugin (${plugin}) is older than Stasis in the cluster (${stasis}), and does not know all of its fields and reasons; upgrade the plugin: kubectl krew upgrade stasis`
    : `the plugin (${plugin}) is newer than Stasis in the cluster (${stasis}), which may refuse options that it does not know; use a plugin of version ${b.major}.${b.minor}, or upgrade Stasis`;
}

function parse(text: string): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /^v?(\d{1,6})\.(\d{1,6})(?:\.|$)/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
