import { LetheError } from '../../domain/error.ts'

/** The longest line that is read, in bytes without its newline. */
export const maxLineBytes = 64 * 1024 * 1024

const newline = 0x0a
const mark = [0xef, 0xbb, 0xbf] as const

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
 * Cuts a stream into blocks of whole lines without copying more than the lines that its chunks cut through. A block is
 * valid until the next one is asked for.
 *
 * A UTF-8 byte-order mark at the very beginning is part of no line; where the stream is only a part of an object, say so
 * with `byteOrderMark: 'in-line'`.
 *
 * @throws LetheError `limit-exceeded` for a line longer than `maxLineBytes`; memory stays below twice that.
 */
export async function* lineBlocks(
  stream: AsyncIterable<Uint8Array>,
  { byteOrderMark = 'apart' }: { readonly byteOrderMark?: 'apart' | 'in-line' } = {},
): AsyncGenerator<LineBlock> {
  const begun = new BegunLine()
  let offset = 0
  const block = (bytes: Buffer, start: number, end: number, isUnended: boolean): LineBlock => {
    const markBytes = offset === 0 && byteOrderMark === 'apart' && beginsWithMark(bytes, start) ? mark.length : 0
    return { bytes, start: start + markBytes, end, offset: offset + markBytes, isUnended }
  }
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    if (begun.length > 0) {
      const end = bytes.indexOf(newline) + 1
      begun.append(end === 0 ? bytes : bytes.subarray(0, end))
      if (end === 0) continue
      yield block(begun.bytes, 0, begun.length, false)
      offset += begun.length
      begun.clear()
      start = end
    }
    const end = bytes.lastIndexOf(newline) + 1
    if (end > start) {
      yield block(bytes, start, end, false)
      offset += end - start
      start = end
    }
    begun.append(bytes.subarray(start))
  }
  if (begun.length > 0) {
    begun.append(Buffer.of(newline))
    const last = block(begun.bytes, 0, begun.length, true)
    // A mark alone is followed by no line.
    if (last.end - last.start > 1) yield last
  }
}

function beginsWithMark(bytes: Uint8Array, start: number): boolean {
  return mark.every((byte, index) => bytes[start + index] === byte)
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
