import type { Range } from '../../../domain/ranges.ts'
import type { ReadOptions } from '../../../formats/range-source.ts'
import { IntervalSet } from './interval-set.ts'
import { type KeptRanges, RecentRanges, SpooledRanges } from './kept-ranges.ts'
import { planFetch } from './plan-fetch.ts'

/** The bytes `start..end` of a pinned version, by one request. */
export type FetchRange = (start: number, end: number, signal: AbortSignal | undefined) => Promise<Uint8Array>

/** Kept ranges as short as this do not break a fetch in two: a request costs more than their bytes. */
const maxRefetchedBytes = 16 * 1024

/** A fetch under way. */
interface Pending extends Range {
  readonly done: Promise<unknown>
}

export interface RangeCacheOptions {
  readonly sizeBytes: number
  /**
   * - `once`: a search goes through the object; what was read last is remembered.
   * - `repeated`: an edit is made, verified and sent from the same ranges; all that was fetched is kept, up to a bound.
   */
  readonly reads: 'once' | 'repeated'
  readonly kept?: KeptRanges
}

/** Reads of one version of an object, with as few requests and bytes as the order of the reads allows. */
export class RangeCache implements AsyncDisposable {
  readonly #fetch: FetchRange
  readonly #sizeBytes: number
  readonly #reads: RangeCacheOptions['reads']
  readonly #kept: KeptRanges
  readonly #wanted = new IntervalSet()
  #pending: readonly Pending[] = []

  constructor(fetch: FetchRange, { sizeBytes, reads, kept }: RangeCacheOptions) {
    this.#fetch = fetch
    this.#sizeBytes = sizeBytes
    this.#reads = reads
    this.#kept = kept ?? (reads === 'once' ? new RecentRanges() : new SpooledRanges())
  }

  async read(start: number, end: number, { signal, into }: ReadOptions = {}): Promise<Uint8Array> {
    const result = into?.subarray(0, end - start) ?? new Uint8Array(end - start)
    for (let at = start; at < end; ) {
      signal?.throwIfAborted()
      const kept = this.#kept.at(at)
      if (kept !== undefined) {
        const to = Math.min(end, kept.end)
        await kept.copyTo(result.subarray(at - start, to - start), at, to)
        at = to
        continue
      }
      const pending = this.#pending.find((each) => each.start <= at && at < each.end)
      if (pending !== undefined) {
        // Where it fails, or is too much to be kept, the bytes are fetched anew.
        await pending.done.catch(() => undefined)
        continue
      }
      const bytes = (await this.#fetchFrom(at, end, signal)).subarray(0, end - at)
      result.set(bytes, at - start)
      at += bytes.length
    }
    this.#wanted.add(start, end)
    return result
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#kept[Symbol.asyncDispose]()
  }

  async #fetchFrom(start: number, wantedEnd: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const planned = planFetch(this.#wanted, {
      start,
      end: wantedEnd,
      sizeBytes: this.#sizeBytes,
      reads: this.#reads,
    })
    const end = this.#endOfFetch(start, planned)
    const done = this.#fetchAndKeep(start, end, signal)
    const entry: Pending = { start, end, done }
    this.#pending = [...this.#pending, entry]
    try {
      return await done
    } finally {
      this.#pending = this.#pending.filter((each) => each !== entry)
    }
  }

  /** At the next byte that is here or under way, but for short ranges with missing bytes behind them. */
  #endOfFetch(start: number, planned: number): number {
    const next = Math.min(planned, ...this.#pending.map((each) => each.start).filter((each) => each > start))
    let end = Math.min(next, this.#kept.nextStart(start))
    while (end < next) {
      const behind = this.#endOfKept(end, end + maxRefetchedBytes)
      if (behind - end > maxRefetchedBytes || behind >= next) break
      end = Math.min(next, this.#kept.nextStart(behind))
    }
    return end
  }

  /** Where what is kept from a position on ends, as far as that is not beyond a limit. */
  #endOfKept(position: number, limit: number): number {
    let end = position
    for (let kept = this.#kept.at(end); kept !== undefined && end <= limit; kept = this.#kept.at(end)) end = kept.end
    return end
  }

  async #fetchAndKeep(start: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const bytes = await this.#fetch(start, end, signal)
    for (let at = start; at < end; ) {
      const to = Math.min(end, this.#kept.nextStart(at))
      await this.#kept.keep(at, bytes.subarray(at - start, to - start))
      at = Math.max(to, this.#endOfKept(to, end))
    }
    return bytes
  }
}
