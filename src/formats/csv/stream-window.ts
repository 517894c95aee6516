import { LetheError } from '../../domain/error.ts'

/** A record longer than this is refused: it is a quote that was never closed rather than somebody's data. */
const defaultRecordBytes = 128 * 1024 * 1024

/**
 * A window over a stream of bytes for a reader of records: the records that end in it are dealt with, and what is left
 * comes back at the beginning of the next window.
 *
 * A record that does not fit makes the window twice as long, so that the bytes of a long one are looked at and copied
 * a bounded number of times.
 */
export class StreamWindow {
  /** Where the window begins in the stream. */
  base = 0
  bytes: Uint8Array = new Uint8Array(0)
  /** Whether the stream ends with the window. */
  isLast = false
  readonly #stream: AsyncIterator<Uint8Array>
  readonly #maxBytes: number

  constructor(stream: AsyncIterable<Uint8Array>, { maxBytes = defaultRecordBytes }: { maxBytes?: number } = {}) {
    this.#stream = stream[Symbol.asyncIterator]()
    this.#maxBytes = maxBytes
  }

  /**
   * Drops the first bytes of the window, and takes more at its end; false when all of the stream was consumed.
   *
   * @throws LetheError `limit-exceeded` when no byte was dropped of a window of the greatest length.
   */
  async advance(consumedBytes: number): Promise<boolean> {
    const rest = this.bytes.subarray(consumedBytes)
    this.base += consumedBytes
    if (this.isLast) {
      this.bytes = rest
      return rest.length > 0
    }
    if (rest.length >= this.#maxBytes) {
      throw new LetheError(
        'limit-exceeded',
        `a record is longer than ${this.#maxBytes} bytes; is a quote never closed?`,
      )
    }
    const wanted = consumedBytes === 0 ? 2 * rest.length : rest.length + 1
    const chunks = [rest]
    let length = rest.length
    while (length < wanted || length === rest.length) {
      const { value, done } = await this.#stream.next()
      if (done === true) {
        this.isLast = true
        break
      }
      chunks.push(value)
      length += value.length
    }
    this.bytes = chunks.length === 2 && rest.length === 0 ? chunks[1]! : Buffer.concat(chunks, length)
    return length > 0
  }

  /** Ends the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#stream.return?.()
  }
}
