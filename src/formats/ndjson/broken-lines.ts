import { LetheError } from '../../domain/error.ts'
import type { Search } from '../format.ts'
import { JsonReader, token } from './json-reader.ts'

/** A value that goes on for this many lines without a fault is taken for pretty-printed JSON before it ends. */
const maxOpenLines = 100

/**
 * What becomes of lines that are not JSON: each refuses the object, or is kept and counted.
 *
 * A line may also be the beginning of a value that goes on in the next one. Then the object is no NDJSON, and kept
 * lines would keep a person's rows: it is refused in any case. Whether it is so is known when that value ends, or when a
 * line does not continue it (a line that was cut off). Until then the verdict is open.
 */
export class BrokenLines {
  /** Broken lines that were kept. */
  kept = 0
  readonly #policy: Search['malformed']
  readonly #reader = new JsonReader()
  #openLine = -1
  #openLines = 0
  /** Whether a line went on that is broken by itself. */
  #hasParts = false

  constructor(policy: Search['malformed']) {
    this.#policy = policy
  }

  /** Whether the next line is to be passed to `goOn` before anything else is done with it. */
  get isOpen(): boolean {
    return this.#openLine >= 0
  }

  /**
   * @param line the number of the line `bytes[start..end)`, from 1.
   * @throws LetheError `malformed`, or `unsupported` for UTF-16 and UTF-32.
   */
  note(bytes: Uint8Array, start: number, end: number, line: number): void {
    if (isWide(bytes.subarray(start, end)) || (line === 1 && hasWideMark(bytes.subarray(start, end)))) throw wideText()
    if (this.#policy === 'keep') this.kept += 1
    if (this.isOpen) return
    this.#reader.open(bytes, start, end)
    if (this.#readLine() === token.unfinished) {
      this.#openLine = line
      this.#openLines = 0
      this.#hasParts = false
    } else {
      this.#refuse(line)
    }
  }

  /**
   * The line after the last one that was noted or went on.
   *
   * @param isWhole it is JSON by itself, or blank: then it alone does not show that a value goes over several lines.
   */
  goOn(bytes: Uint8Array, start: number, end: number, { isWhole }: { readonly isWhole: boolean }): void {
    this.#reader.resume(bytes, start, end)
    const read = this.#readLine()
    this.#openLines += 1
    if (!isWhole) this.#hasParts = true
    if (read === token.end || (read === token.unfinished && this.#openLines === maxOpenLines)) throw severalLines()
    if (read === token.invalid) this.#close()
  }

  /** The stream has ended. */
  finish(): void {
    if (!this.isOpen) return
    if (this.#hasParts) throw severalLines()
    this.#close()
  }

  #close(): void {
    const line = this.#openLine
    this.#openLine = -1
    this.#refuse(line)
  }

  #refuse(line: number): void {
    if (this.#policy === 'keep') return
    throw new LetheError('malformed', `line ${line} is not valid JSON; repair it, or have such lines kept`, {
      detail: { line },
    })
  }

  /** Reads to the end of the line; `end` as soon as the outermost value ends, whatever follows it. */
  #readLine(): typeof token.end | typeof token.invalid | typeof token.unfinished {
    for (;;) {
      const read = this.#reader.next()
      if (read === token.invalid || read === token.unfinished || read === token.end) return read
      if (this.#reader.depth === 0) return token.end
    }
  }
}

/** Whether characters take two or four bytes: each of the first is ASCII beside zeros, as in any JSON of that kind. */
function isWide(bytes: Uint8Array): boolean {
  return [2, 4].some((width) => bytes.length >= width && [0, width - 1].some((at) => isAsciiAt(bytes, width, at)))
}

function isAsciiAt(bytes: Uint8Array, width: number, position: number): boolean {
  // What follows the first characters need not be ASCII; JSON begins with two that are.
  const end = Math.min(2 * width, bytes.length - (bytes.length % width))
  for (let at = 0; at < end; at += 1) {
    const isCharacter = at % width === position
    if (isCharacter !== (bytes[at] !== 0)) return false
  }
  return true
}

/** Whether these bytes begin with the byte-order mark of UTF-16 or UTF-32. */
function hasWideMark(bytes: Uint8Array): boolean {
  const marks = [
    [0xff, 0xfe],
    [0xfe, 0xff],
    [0x00, 0x00, 0xfe, 0xff],
  ]
  return marks.some((mark) => mark.every((byte, index) => bytes[index] === byte))
}

function wideText(): LetheError {
  return new LetheError('unsupported', 'the text is UTF-16 or UTF-32; only UTF-8 can be searched. Convert it first')
}

function severalLines(): LetheError {
  return new LetheError('unsupported', 'a JSON value goes over several lines: NDJSON has one on each. Convert it first')
}
