import { numberKeyOfJson, numberKeyOfText } from '../../domain/number-text.ts'
import { TextTable } from '../text-table.ts'

const none: readonly number[] = []

/**
 * The texts of one column of a predicate, to be asked which of them a JSON value equals. The value is given as it lies
 * in the line; answers are positions in `texts`.
 */
export class ValueTable {
  readonly #texts: readonly string[]
  readonly #table: TextTable
  readonly #hasNumbers: boolean
  /** Texts that are numbers in another form than the plainest (`42.0`, `-0`), by their plainest (`42`, `0`). */
  readonly #otherForms = new Map<string, number[]>()
  readonly #maxNumberChars: number

  constructor(texts: readonly string[]) {
    this.#texts = texts
    this.#table = new TextTable(texts)
    let maxNumberChars = 0
    texts.forEach((text, id) => {
      const plain = plainNumberText(text)
      if (plain === undefined) return
      maxNumberChars = Math.max(maxNumberChars, plain.length)
      if (plain === text) return
      const ids = this.#otherForms.get(plain)
      if (ids === undefined) this.#otherForms.set(plain, [id])
      else ids.push(id)
    })
    this.#maxNumberChars = maxNumberChars
    this.#hasNumbers = maxNumberChars > 0
  }

  text(id: number): string {
    return this.#texts[id]!
  }

  /** The text whose characters these are, or -1. */
  ofString(bytes: Uint8Array, start: number, end: number): number {
    return this.#table.indexOf(bytes, start, end)
  }

  /** Whether a word that begins like a number may be one of the texts; true where it is no JSON number. */
  mayBeNumber(bytes: Buffer, start: number, end: number): boolean {
    if (plainNumberEnd(bytes, start, end) === -1 && !isJsonNumber(bytes.toString('latin1', start, end))) return true
    return this.ofNumber(bytes, start, end).length > 0
  }

  /** The texts that are the number which this valid JSON token is. */
  ofNumber(bytes: Buffer, start: number, end: number): readonly number[] {
    if (!this.#hasNumbers) return none
    const plainEnd = plainNumberEnd(bytes, start, end)
    if (plainEnd !== -1) return this.#ofPlainNumber(bytes, start, plainEnd)
    const plain = plainNumberOfJson(bytes.toString('latin1', start, end), this.#maxNumberChars)
    return plain === undefined ? none : this.#ofPlainNumber(Buffer.from(plain, 'latin1'), 0, plain.length)
  }

  #ofPlainNumber(bytes: Buffer, start: number, end: number): readonly number[] {
    const id = this.#table.indexOf(bytes, start, end)
    const others = this.#otherForms.size === 0 ? none : this.#otherForms.get(bytes.toString('latin1', start, end))
    if (others === undefined || others.length === 0) return id === -1 ? none : [id]
    return id === -1 ? others : [id, ...others]
  }
}

/**
 * Where the plainest form of a number ends that lies at `start..end` without an exponent: before the zeros at the end of
 * its fraction. -1 for any other word, and for zero with a sign or fraction.
 */
function plainNumberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start
  const first = at
  while (at < end && (bytes[at]! - 0x30) >>> 0 < 10) at += 1
  if (at === first || (bytes[first] === 0x30 && (at > first + 1 || end - start > 1))) return -1
  if (at === end) return end
  if (bytes[at] !== 0x2e || at + 1 === end) return -1
  let plainEnd = at
  for (at += 1; at < end; at += 1) {
    const digit = (bytes[at]! - 0x30) >>> 0
    if (digit > 9) return -1
    if (digit > 0) plainEnd = at + 1
  }
  return plainEnd
}

function isJsonNumber(word: string): boolean {
  return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(word)
}

/** The plainest form of a match's text: no zeros at the end of a fraction, no `-0`. Undefined where it is no number. */
function plainNumberText(text: string): string | undefined {
  const first = text.charCodeAt(0)
  if (first !== 0x2d && !(first >= 0x30 && first <= 0x39)) return undefined
  if (numberKeyOfText(text) === undefined) return undefined
  let end = text.length
  if (text.includes('.')) {
    while (text.charCodeAt(end - 1) === 0x30) end -= 1
    if (text.charCodeAt(end - 1) === 0x2e) end -= 1
  }
  const plain = text.slice(0, end)
  return plain === '-0' ? '0' : plain
}

/** The plainest form of a JSON number; undefined where it is longer than any text, however large its exponent is. */
function plainNumberOfJson(number: string, maxChars: number): string | undefined {
  const key = numberKeyOfJson(number)
  if (key === undefined || key === '0') return key
  const sign = key.startsWith('-') ? '-' : ''
  const digits = key.slice(sign.length, key.indexOf('e'))
  const power = Number(key.slice(key.indexOf('e') + 1))
  if (Math.abs(power) > maxChars) return undefined
  if (power >= 0) return sign + digits + '0'.repeat(power)
  const padded = digits.padStart(1 - power, '0')
  return `${sign}${padded.slice(0, power)}.${padded.slice(power)}`
}
