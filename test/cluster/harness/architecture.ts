/** The architectures that can be emulated, by the names that Kubernetes has for them. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** The architecture of the machine that the tests run on. */
export function nativeArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}
