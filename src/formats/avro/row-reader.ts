import { LetheError } from '../../domain/error.ts'
import { longAt } from './byte-cursor.ts'
import { malformed } from './refusal.ts'
import { op, type RowProgram } from './row-program.ts'

/** Called with where a selected value lies: encoded, a length before bytes and strings. */
export type Take = (slot: number, bytes: Uint8Array, start: number, end: number) => void

/** Frames of nested arrays, maps and recursive records in one row; deeper data is refused rather than held. */
const maxDepth = 1_000_000

/**
 * Passes over rows by a program. Every length, count, branch and symbol is checked against the schema and the bytes
 * that are left; what does not fit is `malformed`.
 */
export class RowReader {
  readonly #code: Int32Array
  readonly #take: Take
  /** Of a call the address to return to; of a loop the items left in its block, and where that ends (-1: not said). */
  #stack = new Float64Array(64)

  constructor({ code }: Pick<RowProgram, 'code'>, take: Take) {
    this.#code = code
    this.#take = take
  }

  /** Reads one row at `start`; yields where it ends. `bytes` ends where the block does. */
  read(bytes: Uint8Array, start: number): number {
    const code = this.#code
    const length = bytes.length
    let at = 0
    let position = start
    let mark = 0
    let depth = 0
    for (;;) {
      switch (code[at]!) {
        case op.int:
          position = endOfInt(bytes, position)
          at += 1
          break
        case op.long:
          position = endOfLong(bytes, position)
          at += 1
          break
        case op.bytes: {
          const end = endOfLong(bytes, position)
          position = end + countAt(bytes, position, end)
          at += 1
          break
        }
        case op.fixed:
          position += code[at + 1]!
          at += 2
          break
        case op.boolean:
          if (bytes[position]! > 1) throw malformed('a boolean is neither true nor false')
          position += 1
          at += 1
          break
        case op.enum: {
          const end = endOfInt(bytes, position)
          indexAt(bytes, position, { end, count: code[at + 1]! })
          position = end
          at += 2
          break
        }
        case op.union: {
          const end = endOfLong(bytes, position)
          const branch = indexAt(bytes, position, { end, count: code[at + 1]! })
          position = end
          at = code[at + 2 + branch]!
          break
        }
        case op.jump:
          at = code[at + 1]!
          break
        case op.call:
          depth = this.#push(depth, at + 2)
          at = code[at + 1]!
          break
        case op.return:
          if (position > length) throw malformed('the data ends within a row')
          if (depth === 0) return position
          depth -= 1
          at = this.#stack[depth]!
          break
        case op.loop:
          depth = this.#push(this.#push(depth, 0), -1)
          at += 1
          break
        case op.next: {
          const stack = this.#stack
          if (stack[depth - 2]! > 0) {
            stack[depth - 2]! -= 1
            at += 3
            break
          }
          if (stack[depth - 1]! >= 0 && stack[depth - 1] !== position) {
            throw malformed('the items of an array or map do not fill the size that it gives')
          }
          let end = endOfLong(bytes, position)
          const count = longAt(bytes, position, end)
          stack[depth - 1] = -1
          if (count === 0) {
            depth -= 2
            position = end
            at = code[at + 2]!
            break
          }
          if (count < 0) {
            const sizeEnd = endOfLong(bytes, end)
            stack[depth - 1] = sizeEnd + countAt(bytes, end, sizeEnd)
            end = sizeEnd
          }
          position = end
          stack[depth - 2] = itemsToRead(count, { isEmpty: code[at + 1] === 1, room: length - position })
          break
        }
        case op.mark:
          mark = position
          at += 1
          break
        case op.take:
          if (position > length) throw malformed('the data ends within a row')
          this.#take(code[at + 1]!, bytes, mark, position)
          at += 2
          break
        default:
          throw new LetheError('internal', 'a row program has no such instruction')
      }
    }
  }

  #push(depth: number, value: number): number {
    if (depth === this.#stack.length) {
      if (depth >= maxDepth) throw new LetheError('limit-exceeded', 'an Avro row is nested too deeply to be read')
      const grown = new Float64Array(2 * depth)
      grown.set(this.#stack)
      this.#stack = grown
    }
    this.#stack[depth] = value
    return depth + 1
  }
}

function endOfLong(bytes: Uint8Array, start: number): number {
  // Bytes that are not there are `undefined`, which is not >= 128.
  let end = start
  while (bytes[end]! >= 128) end += 1
  end += 1
  if (end > bytes.length) throw malformed('the data ends within a number')
  if (end - start >= 10 && (end - start > 10 || bytes[end - 1]! > 1)) throw malformed('a number is too long')
  return end
}

function endOfInt(bytes: Uint8Array, start: number): number {
  const end = endOfLong(bytes, start)
  if (end - start >= 5 && (end - start > 5 || bytes[end - 1]! > 15)) throw malformed('an int has more than 32 bits')
  return end
}

/** A length, checked against the bytes behind it. */
function countAt(bytes: Uint8Array, start: number, end: number): number {
  const count = longAt(bytes, start, end)
  if (typeof count === 'bigint' || count < 0 || count > bytes.length - end) {
    throw malformed('a length contradicts the bytes that are there')
  }
  return count
}

function indexAt(bytes: Uint8Array, start: number, { end, count }: { end: number; count: number }): number {
  const index = longAt(bytes, start, end)
  if (typeof index === 'bigint' || index < 0 || index >= count) {
    throw malformed('a union branch or enum symbol is not in the schema')
  }
  return index
}

/** Items without bytes are all the same: one of them tells, and a huge count of them costs nothing. */
function itemsToRead(count: number | bigint, { isEmpty, room }: { isEmpty: boolean; room: number }): number {
  if (isEmpty) return 1
  if (typeof count === 'bigint' || Math.abs(count) > room) throw malformed('an array or map has more items than bytes')
  return Math.abs(count)
}
