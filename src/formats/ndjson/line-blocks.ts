import { LetheError } from '../../domain/error.ts'

/** The longest line that is read, in bytes without its newline. */
export const maxLineBytes = 64 * 1024 * 1024

const newline = 0x0a
const byteOrderMark = [0xef, 0xbb, 0xbf] as const

/**
 * Whole lines of a stream, one after the other: `bytes[start..end)`, each line ended by a newline. Where the stream's
 * last line has none, one is put there that is not part of the stream, and `isUnended` says so.
 */
export interface LineBlock {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Where in the stream `start` lies, in bytes. */
  readonly offset: number
  readonly isUnended: boolean
}

/**
 * Cuts a stream into blocks of whole lines without copying more than the lines that its chunks cut through. A UTF-8
 * byte-order mark at the very beginning is part of no line. A block is valid until the next one is asked for.
 *
 * @throws LetheError `limit-exceeded` for a line longer than `maxLineBytes`; memory stays below twice that.
 */
export async function* lineBlocks(stream: AsyncIterable<Uint8Array>): AsyncGenerator<LineBlock> {
  const begun = new BegunLine()
  let offset = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    if (begun.length > 0) {
      const end = bytes.indexOf(newline) + 1
      begun.append(end === 0 ? bytes : bytes.subarray(0, end))
      if (end === 0) continue
      yield* block(begun.bytes, 0, begun.length, offset, false)
      offset += begun.length
      begun.clear()
      start = end
    }
    const end = bytes.lastIndexOf(newline) + 1
    if (end > start) {
      yield* block(bytes, start, end, offset, false)
      offset += end - start
      start = end
    }
    begun.append(bytes.subarray(start))
  }
  if (begun.length > 0) {
    begun.append(Buffer.of(newline))
    yield* block(begun.bytes, 0, begun.length, offset, true)
  }
}

function* block(bytes: Buffer, start: number, end: number, offset: number, isUnended: boolean): Generator<LineBlock> {
  const mark = offset === 0 && byteOrderMark.every((byte, index) => bytes[start + index] === byte) ? 3 : 0
  const isEmpty = end - start - mark === (isUnended ? 1 : 0)
  if (!isEmpty) yield { bytes, start: start + mark, end, offset: offset + mark, isUnended }
}

/** The beginning of a line whose newline has not been seen yet. It grows by doubling: tiny chunks cost no more. */
class BegunLine {
  bytes = Buffer.alloc(0)
  length = 0

  append(more: Uint8Array): void {
    const length = this.length + more.length
    if (length > maxLineBytes + 1) {
      throw new LetheError('limit-exceeded', `a line is longer than ${maxLineBytes} bytes`, {
        detail: { maxLineBytes },
      })
    }
    if (length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(2 * this.bytes.length, maxLineBytes + 1), 4096))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    this.bytes.set(more, this.length)
    this.length = length
  }

  clear(): void {
    this.length = 0
  }
}
