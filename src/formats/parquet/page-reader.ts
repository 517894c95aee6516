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
export function checkCrc({ crc }: PageHead, body: Uint8Array): void {
  if (crc !== undefined && (crc32(body) | 0) !== (crc | 0)) throw malformed('the CRC of a page is wrong')
}

async function readHead(window: ReadAheadWindow): Promise<{ head: PageHead; headerBytes: number }> {
  for (let guess = headerGuessBytes; ; guess *= 4) {
    const isAll = await window.ensure(guess)
    // Copied, because a header's binary fields are views of it and may be kept longer than the window.
    const bytes = new Uint8Array(window.peek(guess))
    try {
      return parsePageHead(bytes)
    } catch (error) {
      if (isAll || !isTruncated(error)) throw error
    }
  }
}

/** The header of the page whose bytes begin here. @throws LetheError `malformed`, perhaps because they are too few */
export function parsePageHead(bytes: Uint8Array): { head: PageHead; headerBytes: number } {
  const { struct, end } = readThrift(bytes)
  return { head: readPageHead(struct), headerBytes: end }
}

/** Whether more bytes might have made sense where reading a structure failed. */
export function isTruncated(error: unknown): boolean {
  return (error as { detail?: { truncated?: unknown } }).detail?.truncated === true
}

interface WindowOptions {
  readonly start: number
  readonly end: number
  readonly windowBytes: number
  readonly signal: AbortSignal | undefined
}

/** A run of bytes of the source, and the position of its first. */
interface Window {
  readonly bytes: Uint8Array
  readonly start: number
}

/**
 * A moving view of a range of a source, with one read ahead of it. What lies in two windows is put together in a buffer
 * that is used again: to copy all windows, or into new buffers, would cost half as much as decompressing them.
 */
class ReadAheadWindow {
  readonly #source: RangeSource
  readonly #end: number
  readonly #windowBytes: number
  readonly #options: { signal?: AbortSignal }
  /** What is available: a window, or the joint of several, the last of which is `#following`. */
  #current: Window
  #following: Window | undefined
  #joint = new Uint8Array(0)
  #ahead: { readonly start: number; readonly bytes: Promise<Uint8Array> } | undefined
  /** Position in the source of the next byte that nobody has asked for. */
  #nextRead: number
  position: number

  constructor(source: RangeSource, { start, end, windowBytes, signal }: WindowOptions) {
    this.#source = source
    this.#end = end
    this.#windowBytes = windowBytes
    this.#options = signal === undefined ? {} : { signal }
    this.position = start
    this.#current = { bytes: this.#joint, start }
    this.#nextRead = start
    this.#readAhead()
  }

  /** Makes the next `length` bytes, or all that are left, available; true when that is all up to the end. */
  async ensure(length: number): Promise<boolean> {
    const wanted = Math.min(this.position + length, this.#end)
    if (this.#following !== undefined && this.position >= this.#following.start) {
      this.#current = this.#following
      this.#following = undefined
    }
    if (endOf(this.#current) < wanted) {
      await this.#extend(wanted)
      this.#readAhead()
    }
    return wanted === this.#end
  }

  /** Up to `length` bytes from the position on, of what is available; valid until `ensure` is called again. */
  peek(length: number): Uint8Array {
    const from = this.position - this.#current.start
    return this.#current.bytes.subarray(from, from + length)
  }

  skip(length: number): void {
    this.position += length
  }

  async #extend(wanted: number): Promise<void> {
    const rest = this.peek(Number.POSITIVE_INFINITY)
    if (rest.length === 0 && this.#following === undefined) this.#current = await this.#nextWindow(wanted)
    if (endOf(this.#current) < wanted) await this.#join(this.peek(Number.POSITIVE_INFINITY), wanted)
  }

  async #join(rest: Uint8Array, wanted: number): Promise<void> {
    const joint = this.#jointOf(rest, wanted - this.position)
    for (let length = rest.length; length < joint.length; ) {
      const window = (this.#following ??= await this.#nextWindow(wanted))
      const from = this.position + length - window.start
      const bytes = window.bytes.subarray(from, from + joint.length - length)
      joint.set(bytes, length)
      length += bytes.length
      if (length < joint.length) this.#following = undefined
    }
    this.#current = { bytes: joint, start: this.position }
  }

  /** The first `length` bytes of the joint, which begin with `rest`; that may lie in the joint already. */
  #jointOf(rest: Uint8Array, length: number): Uint8Array {
    const joint = length <= this.#joint.length ? this.#joint : new Uint8Array(Math.max(length, 2 * this.#joint.length))
    joint.set(rest)
    this.#joint = joint
    return joint.subarray(0, length)
  }

  /** What was read ahead; else, for a page that is larger than a window, the rest of it in one read. */
  async #nextWindow(wanted: number): Promise<Window> {
    const { start, bytes } = this.#ahead ?? this.#read(wanted - this.#nextRead)
    this.#ahead = undefined
    return { start, bytes: await bytes }
  }

  #readAhead(): void {
    if (this.#ahead !== undefined || this.#nextRead >= this.#end) return
    this.#ahead = this.#read(Math.min(this.#windowBytes, this.#end - this.#nextRead))
    // A consumer that stops early never awaits it; its failure must not end the process.
    this.#ahead.bytes.catch(() => undefined)
  }

  #read(length: number): { start: number; bytes: Promise<Uint8Array> } {
    const start = this.#nextRead
    this.#nextRead += length
    return { start, bytes: this.#source.read(start, this.#nextRead, this.#options) }
  }
}

function endOf({ bytes, start }: Window): number {
  return start + bytes.length
}
