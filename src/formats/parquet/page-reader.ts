import { crc32 } from 'node:zlib'
import type { RangeSource } from '../range-source.ts'
import { malformed } from './malformed.ts'
import { type PageHead, readPageHead } from './page-header.ts'
import { readThrift } from './thrift-reader.ts'

/** A page as it is stored. */
export interface StoredPage {
  readonly head: PageHead
  /** The header's first byte in the file; the body is `headerBytes` further; the page ends at `end`. */
  readonly offset: number
  readonly headerBytes: number
  readonly end: number
  /** The body, compressed; valid until the next page is asked for, and not to be written to. */
  readonly body: Uint8Array
}

export interface ReadPagesOptions {
  readonly signal?: AbortSignal
  /** How much is read at once; pages are cut out of it. */
  readonly windowBytes?: number
}

const defaultWindowBytes = 4 * 1024 * 1024
/** A first guess at a header's size; one with long statistics is read again with more. */
const headerGuessBytes = 1024

/**
 * The pages that lie in `start..end` of the file, one after another, dictionary and index pages too.
 *
 * Holds a window and one page at a time, however large the chunk. The next window is read while this one is used.
 *
 * @throws LetheError `malformed` where a page does not fit the range or its CRC is not that of its bytes
 */
export async function* readPages(
  source: RangeSource,
  { start, end }: { readonly start: number; readonly end: number },
  { windowBytes = defaultWindowBytes, signal }: ReadPagesOptions = {},
): AsyncGenerator<StoredPage> {
  const window = new ReadAheadWindow(source, { start, end, windowBytes, signal })
  while (window.position < end) {
    signal?.throwIfAborted()
    const offset = window.position
    const { head, headerBytes } = await readHead(window)
    if (head.compressedBytes > end - offset - headerBytes) throw malformed('a page reaches beyond its column chunk')
    await window.ensure(headerBytes + head.compressedBytes)
    const body = window.peek(headerBytes + head.compressedBytes).subarray(headerBytes)
    window.skip(headerBytes + head.compressedBytes)
    checkCrc(head, body)
    yield { head, offset, headerBytes, end: window.position, body }
  }
}

/** Whoever edits a page checks this first: a rewrite with a fresh CRC would make corruption look sound. */
function checkCrc({ crc }: PageHead, body: Uint8Array): void {
  if (crc !== undefined && (crc32(body) | 0) !== (crc | 0)) throw malformed('the CRC of a page is wrong')
}

async function readHead(window: ReadAheadWindow): Promise<{ head: PageHead; headerBytes: number }> {
  for (let guess = headerGuessBytes; ; guess *= 4) {
    const isAll = await window.ensure(guess)
    const bytes = window.peek(guess)
    try {
      const { struct, end } = readThrift(bytes)
      return { head: readPageHead(struct), headerBytes: end }
    } catch (error) {
      if (isAll || !isTruncated(error)) throw error
    }
  }
}

function isTruncated(error: unknown): boolean {
  return (error as { detail?: { truncated?: unknown } }).detail?.truncated === true
}

interface WindowOptions {
  readonly start: number
  readonly end: number
  readonly windowBytes: number
  readonly signal: AbortSignal | undefined
}

/** A moving view of a range of a source, with one read ahead of it. */
class ReadAheadWindow {
  readonly #source: RangeSource
  readonly #end: number
  readonly #windowBytes: number
  readonly #options: { signal?: AbortSignal }
  #buffer: Uint8Array = new Uint8Array(0)
  /** Position in the source of the buffer's first byte, and of the next byte that nobody has asked for. */
  #bufferStart: number
  #nextRead: number
  #ahead: Promise<Uint8Array> | undefined
  position: number

  constructor(source: RangeSource, { start, end, windowBytes, signal }: WindowOptions) {
    this.#source = source
    this.#end = end
    this.#windowBytes = windowBytes
    this.#options = signal === undefined ? {} : { signal }
    this.position = start
    this.#bufferStart = start
    this.#nextRead = start
    this.#readAhead(Math.min(windowBytes, end - start))
  }

  /** Makes the next `length` bytes, or all that are left, available; true when that is all up to the end. */
  async ensure(length: number): Promise<boolean> {
    const wanted = Math.min(this.position + length, this.#end)
    while (this.#bufferStart + this.#buffer.length < wanted) await this.#extend(wanted)
    return wanted === this.#end
  }

  /** Up to `length` bytes from the position on, of what is available. */
  peek(length: number): Uint8Array {
    const from = this.position - this.#bufferStart
    return this.#buffer.subarray(from, from + length)
  }

  skip(length: number): void {
    this.position += length
  }

  async #extend(wanted: number): Promise<void> {
    const rest = this.#buffer.subarray(this.position - this.#bufferStart)
    const parts = [rest]
    // A page larger than a window: the rest of it in one read.
    for (let available = this.position + rest.length; available < wanted; ) {
      const bytes = await (this.#ahead ?? this.#read(wanted - available))
      this.#ahead = undefined
      parts.push(bytes)
      available += bytes.length
    }
    this.#buffer = parts[0]!.length === 0 && parts.length === 2 ? parts[1]! : Buffer.concat(parts)
    this.#bufferStart = this.position
    if (this.#nextRead < this.#end) this.#readAhead(Math.min(this.#windowBytes, this.#end - this.#nextRead))
  }

  #readAhead(length: number): void {
    if (length === 0) return
    this.#ahead = this.#read(length)
    // A consumer that stops early never awaits it; its failure must not end the process.
    this.#ahead.catch(() => undefined)
  }

  #read(length: number): Promise<Uint8Array> {
    this.#nextRead += length
    return this.#source.read(this.#nextRead - length, this.#nextRead, this.#options)
  }
}
