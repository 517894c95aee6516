import type { IntervalSet } from './interval-set.ts'

/** What is asked for in small reads is fetched in larger ones: a request costs as much time as many bytes. */
const minFetchBytes = { once: 16 * 1024, repeated: 2 * 1024 }
/** Small reads that follow one another are fetched in runs up to this. */
const maxRunBytes = 64 * 1024
/** Where most bytes are wanted, so many are fetched at once. */
const maxAheadBytes = 8 * 1024 ** 2
const minAheadBytes = 2 * 1024 ** 2

export interface FetchRequest {
  readonly start: number
  /** The reader wants the bytes up to here now. */
  readonly end: number
  readonly sizeBytes: number
  readonly reads: 'once' | 'repeated'
}

/**
 * Where a fetch that begins at `start` ends.
 *
 * A request costs time, and bytes that nobody wants cost time and money. Which will be wanted is not known; what was
 * wanted right before tells: where at least n of the last 2 n bytes were, n more are fetched at once, up to 8 MiB. So an
 * edit that touches most pages becomes a download in large ranges, and one that touches few fetches those. What is
 * fetched in vain is never more than what was wanted.
 */
export function planFetch(wanted: IntervalSet, { start, end, sizeBytes, reads }: FetchRequest): number {
  // A search reads ahead by itself, and does not keep as much.
  const ahead = reads === 'once' ? 0 : Math.max(runBytes(wanted, start), aheadBytes(wanted, start))
  return Math.min(sizeBytes, Math.max(end, start + minFetchBytes[reads], start + ahead))
}

function runBytes(wanted: IntervalSet, start: number): number {
  const before = start === 0 ? undefined : wanted.at(start - 1)
  return before === undefined ? 0 : Math.min(maxRunBytes, start - before.start)
}

function aheadBytes(wanted: IntervalSet, start: number): number {
  for (let ahead = maxAheadBytes; ahead >= minAheadBytes; ahead /= 2) {
    if (wanted.sizeWithin(Math.max(0, start - 2 * ahead), start) >= ahead) return ahead
  }
  return 0
}
