/** A {@link Guard} for tests of phases. It answers as scripted, and records what it was told. */
import { EBUSY, ENOENT } from '../../src/native/errno.js';
import type { Announcement, Guard, GuardHealth, Recovered } from '../../src/native/guard.js';

/** The messages of a capture to the guard, in order. */
export type Told =
  | { readonly kind: 'announce'; readonly announcement: Announcement }
  | { readonly kind: 'opened' | 'disowned' | 'acknowledge'; readonly capture: Uint8Array; readonly container: number }
  | { readonly kind: 'done'; readonly capture: Uint8Array }
  | { readonly kind: 'ping' | 'close' };

export interface FakeGuard extends Guard {
  readonly told: readonly Told[];
  /** The containers whose freezers are announced and not open again. */
  open(): readonly number[];
}

export interface FakeGuardScript {
  /** Result of the n-th call of this kind (from 0): -errno, for instance for a full disk; 0 for success. */
  readonly announce?: (index: number, announcement: Announcement) => number;
  readonly opened?: (index: number) => number;
  readonly disowned?: (index: number) => number;
  readonly done?: (index: number) => number;
  readonly ping?: (index: number) => number;
  readonly recovered?: readonly Recovered[];
}

/**
 * A guard that enforces the rules of the real one: only an announced freezer can be opened, and a capture is done only
 * when all its freezers are open.
 */
export function fakeGuard(script: FakeGuardScript = {}): FakeGuard {
  const told: Told[] = [];
  const open = new Set<number>();
  let held: Uint8Array | undefined;
  let recovered = [...(script.recovered ?? [])];
  const count = (kind: Told['kind']): number => told.filter((one) => one.kind === kind).length - 1;
  const opened = (capture: Uint8Array, container: number): number => {
    told.push({ kind: 'opened', capture, container });
    const result = script.opened?.(count('opened')) ?? 0;
    if (result === 0) open.delete(container);
    return result;
  };
  const disowned = (capture: Uint8Array, container: number): number => {
    told.push({ kind: 'disowned', capture, container });
    const result = script.disowned?.(count('disowned')) ?? 0;
    if (result === 0) open.delete(container);
    return result;
  };
  return {
    pid: 2,
    seesThreads: true,
    hasJournal: true,
    told,
    open: () => [...open],
    announce: (announcement) => {
      told.push({ kind: 'announce', announcement });
      if (held !== undefined && !isSame(held, announcement.capture)) return -EBUSY;
      const result = script.announce?.(count('announce'), announcement) ?? 0;
      if (result !== 0) return result;
      held = announcement.capture;
      if (announcement.version !== 'none') open.add(announcement.container);
      return 0;
    },
    opened,
    disowned,
    tell: (word, capture, container) => {
      if (word === 'opened') opened(capture, container);
      else disowned(capture, container);
    },
    done: (capture) => {
      told.push({ kind: 'done', capture });
      if (held === undefined || !isSame(held, capture)) return -ENOENT;
      const result = script.done?.(count('done')) ?? 0;
      if (result !== 0) return result;
      if (open.size > 0) return -EBUSY;
      held = undefined;
      return 0;
    },
    ping: (): GuardHealth | number => {
      told.push({ kind: 'ping' });
      const result = script.ping?.(count('ping')) ?? 0;
      return result !== 0 ? result : { agents: 1, open: open.size, recovered: recovered.length };
    },
    recovered: () => recovered,
    acknowledge: (capture, container) => {
      told.push({ kind: 'acknowledge', capture, container });
      const left = recovered.filter((one) => one.container !== container || !isSame(one.capture, capture));
      const known = left.length < recovered.length;
      recovered = left;
      return known ? 0 : -ENOENT;
    },
    close: () => void told.push({ kind: 'close' }),
  };
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
