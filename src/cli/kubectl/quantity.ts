/** Reads Kubernetes quantities, such as `500m`, `1k` and `2Gi`. Pure. */

const FORM = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/;
const DECIMAL: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Undefined for a text that is no quantity. Exact for whole numbers below 2^53. */
export function parseQuantity(text: string): number | undefined {
  const [, digits, exponent, suffix] = FORM.exec(text) ?? [];
  if (digits === undefined) return undefined;
  if (suffix === undefined) return Number(`${digits}${exponent ?? ''}`);
  return Number(digits) * (DECIMAL[suffix] ?? 1024 ** (BINARY.indexOf(suffix) + 1));
}
