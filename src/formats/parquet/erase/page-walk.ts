import type { RangeSource } from '../../range-source.ts'
import type { Extent } from '../column-chunk.ts'
import { malformed } from '../malformed.ts'
import type { PageHead } from '../page-header.ts'
import { returnMemory, takeMemory } from '../page-memory.ts'
import { checkCrc, isTruncated, parsePageHead, type StoredPage } from '../page-reader.ts'

/** Where a page lies, by its header; the body is not read yet. */
export type PagePlace = Omit<StoredPage, 'body'>

const nothing = new Uint8Array(0)
/** A first guess at a header's size; most are 20 to 100 bytes. */
const headerGuessBytes = 1024
/** Read behind a header while pages are only passed by: more as long as it holds the next header, else less. */
const firstPassingBytes = 4 * 1024
const maxPassingBytes = 32 * 1024
/** Read behind a page whose body is wanted and small: its neighbours are mostly wanted too. */
const behindBytes = 128 * 1024
const smallBodyBytes = 64 * 1024
/** Read behind at most where one page after the other is wanted: twice as much for each. */
const maxBehindBytes = 1024 * 1024

/**
 * Walks over the pages of a column chunk by their headers, and reads the bodies of only those that are asked for.
 *
 * What it reads of a chunk whose pages are large is little more than the headers and those bodies.
 */
export class PageWalk {
  readonly #source: RangeSource
  readonly #end: number
  readonly #options: { signal?: AbortSignal }
  #position: number
  #window: Uint8Array = new Uint8Array(0)
  #windowStart = 0
  #passingBytes = firstPassingBytes
  /** Where windows are read into. */
  #memory: Uint8Array<ArrayBuffer> = nothing
  /** Pages whose bodies were asked for, up to the last one. */
  #wantedInARow = 0
  /** The body of the last page was not asked for yet. */
  #isPassed = false

  constructor(source: RangeSource, { start, end }: Extent, options: { readonly signal?: AbortSignal } = {}) {
    this.#source = source
    this.#position = start
    this.#end = end
    this.#options = options
  }

  /** The next page, undefined behind the last. @throws LetheError `malformed` where a page does not fit the chunk */
  async next(): Promise<PagePlace | undefined> {
    this.#options.signal?.throwIfAborted()
    const offset = this.#position
    if (offset === this.#end) return undefined
    if (this.#isPassed) this.#wantedInARow = 0
    const { head, headerBytes } = await this.#head(offset)
    const end = offset + headerBytes + head.compressedBytes
    this.#notePageEnd(end)
    if (end > this.#end) throw malformed('a page reaches beyond its column chunk')
    this.#position = end
    this.#isPassed = true
    return { head, offset, headerBytes, end }
  }

  /** What was read behind a header is of use where the next header is in it. */
  #notePageEnd(end: number): void {
    const isUseful = end + headerGuessBytes <= this.#windowStart + this.#window.length
    this.#passingBytes = isUseful
      ? Math.min(maxPassingBytes, Math.max(headerGuessBytes, 2 * this.#passingBytes))
      : this.#passingBytes >>> 1
  }

  /**
   * The body of a page, its CRC checked; not to be written to, and valid until another page or body is asked for.
   *
   * @throws LetheError `malformed`
   */
  async body({ head, offset, headerBytes, end }: PagePlace): Promise<Uint8Array> {
    const start = offset + headerBytes
    if (this.#isPassed) this.#wantedInARow += 1
    this.#isPassed = false
    const body = await this.#bytes(
      start,
      end,
      Math.max(this.#behindBytes(), end - start > smallBodyBytes ? 0 : behindBytes),
    )
    checkCrc(head, body)
    return body
  }

  /** The same in memory of its own, which stays valid; bodies that were asked for before stay valid too. */
  async ownBody({ head, offset, headerBytes, end }: PagePlace): Promise<Uint8Array> {
    const body = await this.#source.read(offset + headerBytes, end, this.#options)
    checkCrc(head, body)
    return body
  }

  #behindBytes(): number {
    return this.#wantedInARow < 2 ? 0 : Math.min(maxBehindBytes, behindBytes * 2 ** (this.#wantedInARow - 2))
  }

  /** Gives back the memory of the window: neither the walk nor what it yielded is to be used afterwards. */
  close(): void {
    this.#window = nothing
    this.#windowStart = 0
    returnMemory(this.#memory)
    this.#memory = nothing
  }

  async #head(offset: number): Promise<{ head: PageHead; headerBytes: number }> {
    for (let guess = headerGuessBytes; ; guess *= 4) {
      const end = Math.min(this.#end, offset + guess)
      const bytes = await this.#bytes(offset, end, Math.max(this.#behindBytes(), this.#passingBytes))
      try {
        // Copied, because a header's binary fields are views of it and are kept longer than the window.
        return parsePageHead(new Uint8Array(bytes))
      } catch (error) {
        if (end === this.#end || !isTruncated(error)) throw error
      }
    }
  }

  /** Bytes `start..end`, from the window where they are in it; else the window moves there, `ahead` bytes longer. */
  async #bytes(start: number, end: number, ahead: number): Promise<Uint8Array> {
    if (start < this.#windowStart || end > this.#windowStart + this.#window.length) {
      const windowEnd = Math.min(this.#end, end + ahead)
      const into = this.#reserve(windowEnd - start)
      // Until it is read there is none, nor memory: a read that failed may go on writing into it.
      this.#window = nothing
      this.#memory = nothing
      const window = await this.#source.read(start, windowEnd, { ...this.#options, into })
      this.#window = new Uint8Array(window.buffer, window.byteOffset, window.byteLength)
      // Memory that was given away and came back, as threads do, is another buffer.
      const isBack = into.length === 0 && window.buffer instanceof ArrayBuffer
      this.#memory = isBack ? new Uint8Array(window.buffer) : into
      this.#windowStart = start
    }
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart)
  }

  #reserve(bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#memory.length < bytes) {
      returnMemory(this.#memory)
      this.#memory = takeMemory(bytes)
    }
    return this.#memory
  }
}
