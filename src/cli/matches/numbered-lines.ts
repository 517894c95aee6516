import { isUtf8 } from 'node:buffer'
import { invalidMatch } from './invalid-match.ts'

export interface NumberedLine {
  /** From 1, as editors count. */
  readonly number: number
  /** Without its line feed; a carriage return before that is still there. */
  readonly text: string
}

/** A match is an id or a few: what is longer is no list of matches, and would be held in memory. */
export const maxLineBytes = 1024 * 1024

const lineFeed = 10
const byteOrderMark = [0xef, 0xbb, 0xbf]

/**
 * The lines of a UTF-8 stream without its byte-order mark; holds no more than a chunk and a line of it.
 *
 * @throws LetheError `invalid-match` for a line that is too long or no UTF-8.
 */
export async function* numberedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  let number = 1
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      yield decode(join(rest, chunk.subarray(start, end), number), number)
      number += 1
      start = end + 1
      rest = new Uint8Array(0)
    }
    rest = join(rest, chunk.subarray(start), number)
  }
  if (rest.length > 0) yield decode(rest, number)
}

function join(rest: Uint8Array, more: Uint8Array, number: number): Uint8Array {
  const length = rest.length + more.length
  if (length > maxLineBytes) throw invalidMatch(number, `is longer than ${maxLineBytes} bytes`)
  if (rest.length === 0) return more
  const joined = new Uint8Array(length)
  joined.set(rest)
  joined.set(more, rest.length)
  return joined
}

function decode(bytes: Uint8Array, number: number): NumberedLine {
  if (!isUtf8(bytes)) throw invalidMatch(number, 'is not UTF-8')
  const hasMark = number === 1 && byteOrderMark.every((byte, index) => bytes[index] === byte)
  const { buffer, byteOffset, byteLength } = hasMark ? bytes.subarray(byteOrderMark.length) : bytes
  return { number, text: Buffer.from(buffer, byteOffset, byteLength).toString('utf8') }
}
