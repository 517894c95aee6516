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
const byteOrderMark = '\ufeff'
const nothing: Uint8Array = new Uint8Array(0)

/**
 * The lines of UTF-8 bytes that come in chunks, without their byte-order mark; holds no more than a chunk and a line.
 * What a method yields has to be taken to its end before the next call.
 *
 * All lines of a chunk become one string first: a million strings of their own would take longer than all else.
 */
export class LineSplitter {
  #number = 1
  /** What begins the next line. */
  #rest: Uint8Array = nothing;

  /** The lines that end in a chunk. @throws LetheError `invalid-match` for one that is too long or no UTF-8 */
  *push(chunk: Uint8Array): Generator<NumberedLine> {
    const end = chunk.lastIndexOf(lineFeed)
    if (end === -1) {
      this.#rest = this.#join(chunk)
      return
    }
    const lines = this.#join(chunk.subarray(0, chunk.indexOf(lineFeed)), chunk.subarray(0, end))
    this.#rest = nothing
    if (lines.length > maxLineBytes || !isUtf8(lines)) yield* this.#eachAlone(lines)
    else yield* this.#linesOf(this.#decode(lines))
    this.#rest = this.#join(chunk.subarray(end + 1))
  }

  /** The last line, where no line feed ends it. @throws LetheError as `push` does */
  *end(): Generator<NumberedLine> {
    if (this.#rest.length > 0) yield* this.#eachAlone(this.#rest)
    this.#rest = nothing
  }

  *#linesOf(text: string): Generator<NumberedLine> {
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield { number: this.#number, text: text.slice(start, end) }
      this.#number += 1
      start = end + 1
    }
    yield { number: this.#number, text: text.slice(start) }
    this.#number += 1
  }

  *#eachAlone(lines: Uint8Array): Generator<NumberedLine> {
    for (let start = 0; ; ) {
      const feed = lines.indexOf(lineFeed, start)
      const line = lines.subarray(start, feed === -1 ? lines.length : feed)
      if (line.length > maxLineBytes) throw this.#tooLong()
      if (!isUtf8(line)) throw invalidMatch(this.#number, 'is not UTF-8')
      yield { number: this.#number, text: this.#decode(line) }
      this.#number += 1
      if (feed === -1) return
      start = feed + 1
    }
  }

  #decode({ buffer, byteOffset, byteLength }: Uint8Array): string {
    const text = Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
    return this.#number === 1 && text.startsWith(byteOrderMark) ? text.slice(1) : text
  }

  /** What is left and more of its line; behind that `all`, which begins with the same. */
  #join(more: Uint8Array, all = more): Uint8Array {
    if (this.#rest.length + more.length > maxLineBytes) throw this.#tooLong()
    if (this.#rest.length === 0) return all
    const joined = new Uint8Array(this.#rest.length + all.length)
    joined.set(this.#rest)
    joined.set(all, this.#rest.length)
    return joined
  }

  #tooLong() {
    return invalidMatch(this.#number, `is longer than ${maxLineBytes} bytes`)
  }
}
