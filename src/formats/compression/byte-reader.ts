import { LetheError } from '../../domain/error.ts'
import { chunksOf, type RangeSource } from '../range-source.ts'

export interface ByteReaderOptions {
  readonly start?: number
  readonly end?: number
  readonly chunkBytes?: number
  readonly signal?: AbortSignal
}

/**
 * A range of a source read in order, by the chunk or by the byte, and always knowing where it is: what a decompressor
 * took too much is given back, so that every byte is accounted for.
 */
export class ByteReader {
  /** Where in the source the next byte lies. */
  position: number
  readonly end: number
  readonly #chunks: AsyncGenerator<Uint8Array>
  #held: Uint8Array = new Uint8Array(0)

  constructor(
    source: RangeSource,
    { start = 0, end = source.size, chunkBytes = 256 * 1024, signal }: ByteReaderOptions,
  ) {
    this.position = start
    this.end = end
    this.#chunks = chunksOf(source, { start, end, chunkBytes, ...(signal === undefined ? {} : { signal }) })
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** The next bytes, without taking them: `count` of them, fewer only at the end. `count` is small. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#held.length < count && (await this.#more())) {}
    return this.#held.subarray(0, count)
  }

  /** @throws LetheError `malformed` where fewer bytes are left. */
  async take(count: number): Promise<Uint8Array> {
    if (count > this.remaining) throw truncated()
    const bytes = await this.peek(count)
    this.#skip(bytes.length)
    return bytes
  }

  /** Whatever comes next, up to a chunk and no more than `maxBytes`; undefined at the end. */
  async chunk(maxBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0 && !(await this.#more())) return undefined
    const bytes = this.#held.subarray(0, maxBytes)
    this.#skip(bytes.length)
    return bytes
  }

  /** The next `count` bytes in chunks. */
  async *run(count: number): AsyncGenerator<Uint8Array> {
    if (count > this.remaining) throw truncated()
    for (let left = count; left > 0; ) {
      const bytes = await this.chunk(left)
      if (bytes === undefined) throw truncated()
      left -= bytes.length
      yield bytes
    }
  }

  /** Gives back the end of what was taken last. */
  unread(bytes: Uint8Array): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held])
    this.position -= bytes.length
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined)
  }

  #skip(count: number): void {
    this.#held = this.#held.subarray(count)
    this.position += count
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next()
    if (done === true) return false
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value])
    return true
  }
}

export function truncated(): LetheError {
  return new LetheError('malformed', 'the compressed content ends too early')
}

export function damaged(cause?: unknown): LetheError {
  return new LetheError('malformed', 'the compressed content is damaged', cause === undefined ? {} : { cause })
}
