/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Random {
  /** 0 <= x < below, an integer. */
  below(below: number): number
  /** True about once in `times`. */
  oneIn(times: number): boolean
  pick<T>(choices: readonly T[]): T
  bytes(length: number): Uint8Array
}

export function makeRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (choices) => choices[below(choices.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  }
}
