/** Random numbers that can be repeated: a run prints its seed. Pure. */

export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** At least `from`, below `to`. */
  between(from: number, to: number): number;
  /** Returns true in `share` of a hundred calls. */
  percent(share: number): boolean;
}

/** Mulberry32: 32 bits of state are enough for instants, and the same seed gives the same run on every machine. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    percent: (share) => next() * 100 < share,
  };
}
