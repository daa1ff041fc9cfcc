/** A value that was read of the cluster, or the reason why it is not known. Pure. */
import type { KubeResult } from '../../kube/result.js';
import { describeRefusal, type Attempt } from './refusal.js';

export type Known<T> =
  | { readonly known: true; readonly value: T }
  /** A part of a sentence for people. */
  | { readonly known: false; readonly why: string };

export function known<T>(value: T): Known<T> {
  return { known: true, value };
}

export function notKnown(why: string): Known<never> {
  return { known: false, why };
}

/** Turns the answer to a read into the object, undefined where there is none, or the reason why nobody knows. */
export function knownObject<T>(answer: KubeResult<T>, attempt: Attempt): Known<T | undefined> {
  if (answer.ok) return known(answer.value);
  if (answer.error.code === 404) return known(undefined);
  return notKnown(whyNot(answer, attempt));
}

export function whyNot(answer: Extract<KubeResult<unknown>, { ok: false }>, attempt: Attempt): string {
  const { verb, resource, namespace } = attempt;
  if (answer.error.code !== 403) return describeRefusal(answer.error, attempt);
  return `you may not ${verb} ${resource}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}
