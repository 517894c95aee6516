import { partitionPoint } from '../../../domain/partition-point.ts'
import { makeSpool, type Spool } from '../../../formats/spool.ts'

/** Bytes of an object that were fetched and are still here. */
export interface KeptRange {
  readonly start: number
  readonly end: number
  /** Puts its bytes `start..end`, by their positions in the object, into `target`. */
  copyTo(target: Uint8Array, start: number, end: number): Promise<void> | void
}

/** Ranges of one version of an object, which do not overlap. */
export interface KeptRanges extends AsyncDisposable {
  /** The range that a position is in. */
  at(position: number): KeptRange | undefined
  /** Where the first range behind a position begins. */
  nextStart(position: number): number
  /** The bytes are the caller's: what is kept is a copy. */
  keep(start: number, bytes: Uint8Array): Promise<void>
}

const maxRecentBytes = 16 * 1024 ** 2
const maxRecent = 256

interface RecentRange extends KeptRange {
  readonly bytes: Uint8Array
}

/** Those that were used last, in memory, within a bound. */
export class RecentRanges implements KeptRanges {
  /** The last used one is the last. */
  #ranges: readonly RecentRange[] = []

  at(position: number): KeptRange | undefined {
    const found = this.#ranges.find(({ start, end }) => start <= position && position < end)
    if (found !== undefined) this.#use(found)
    return found
  }

  nextStart(position: number): number {
    const starts = this.#ranges.map(({ start }) => start).filter((start) => start > position)
    return Math.min(Number.POSITIVE_INFINITY, ...starts)
  }

  keep(start: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length <= maxRecentBytes / 4) this.#use(recentRange(start, bytes.slice()))
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ranges = []
    return Promise.resolve()
  }

  #use(range: RecentRange): void {
    const ranges = [...this.#ranges.filter((other) => other !== range), range]
    let bytes = ranges.reduce((sum, each) => sum + each.bytes.length, 0)
    let first = 0
    for (; bytes > maxRecentBytes || ranges.length - first > maxRecent; first += 1) bytes -= ranges[first]!.bytes.length
    this.#ranges = ranges.slice(first)
  }
}

function recentRange(start: number, bytes: Uint8Array): RecentRange {
  return {
    start,
    end: start + bytes.length,
    bytes,
    copyTo: (target, from, to) => target.set(bytes.subarray(from - start, to - start)),
  }
}

/** Bytes on disk that one object may take. */
const maxSpooledBytes = 1024 ** 3

/**
 * All of them, in memory up to a bound and then in a file that is private and has no name. Beyond a second bound, or
 * where the disk takes no more, what is fetched is not kept: then it is fetched again, and nothing else changes.
 */
export class SpooledRanges implements KeptRanges {
  readonly #spool: Spool
  readonly #maxBytes: number
  /** In the order of the object; `#at` is where each begins in the spool. */
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #at: number[] = []
  #isFull = false
  /** The spool takes one range after another. */
  #turn: Promise<void> = Promise.resolve()

  constructor({ spool = makeSpool(), maxBytes = maxSpooledBytes }: { spool?: Spool; maxBytes?: number } = {}) {
    this.#spool = spool
    this.#maxBytes = maxBytes
  }

  at(position: number): KeptRange | undefined {
    const index = this.#firstEndingAfter(position)
    const start = this.#starts[index]
    if (start === undefined || start > position) return undefined
    const at = this.#at[index]! - start
    const copyTo = async (target: Uint8Array, from: number, to: number): Promise<void> => {
      await this.#spool.read(at + from, at + to, { into: target })
    }
    return { start, end: this.#ends[index]!, copyTo }
  }

  nextStart(position: number): number {
    const index = this.#firstEndingAfter(position)
    const start = this.#starts[index] ?? Number.POSITIVE_INFINITY
    return start > position ? start : (this.#starts[index + 1] ?? Number.POSITIVE_INFINITY)
  }

  keep(start: number, bytes: Uint8Array): Promise<void> {
    this.#turn = this.#turn.then(() => this.#append(start, bytes))
    return this.#turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isFull = true
    await this.#turn
    await this.#spool[Symbol.asyncDispose]()
  }

  async #append(start: number, bytes: Uint8Array): Promise<void> {
    if (this.#isFull || this.#spool.size + bytes.length > this.#maxBytes) return
    try {
      this.#note(start, await this.#spool.append(bytes))
    } catch {
      // It is only a copy. What the disk took before can still be read.
      this.#isFull = true
    }
  }

  #note(start: number, spooled: { readonly start: number; readonly end: number }): void {
    const end = start + spooled.end - spooled.start
    const index = this.#firstEndingAfter(start)
    const before = index - 1
    const goesOn =
      before >= 0 && this.#ends[before] === start && this.#at[before]! + start - this.#starts[before]! === spooled.start
    if (goesOn) {
      this.#ends[before] = end
      return
    }
    this.#starts.splice(index, 0, start)
    this.#ends.splice(index, 0, end)
    this.#at.splice(index, 0, spooled.start)
  }

  #firstEndingAfter(position: number): number {
    return partitionPoint(this.#ends.length, (index) => this.#ends[index]! <= position)
  }
}
