import { bytesOf, canBeLatin1, type Encoding, textOf, type Units } from './encoding.ts'

/** The cell is not UTF-8, and whether it equals a text depends on what else it is. */
export const undecided = -2
export const noText = -1

/**
 * The texts that a column is compared with, and a filter by which nearly every cell that equals none of them is passed
 * over without making a string of it. A million texts cost no more time for a cell than one.
 *
 * The filter has a bit for the hash of each text as it is encoded; a cell whose bit is not set equals none.
 */
export class TextIndex {
  readonly ids: ReadonlyMap<string, number>
  readonly #encoding: Encoding
  readonly #bits: Uint32Array
  readonly #mask: number
  /** Some text has characters beyond ASCII, so that the encoding of a cell matters. */
  readonly #hasNonAscii: boolean
  readonly #isAllLatin1: boolean

  constructor(texts: readonly string[], encoding: Encoding) {
    this.ids = new Map(texts.map((text, id) => [text, id]))
    this.#encoding = encoding
    const bitCount = 2 ** Math.min(25, Math.max(16, Math.ceil(Math.log2(16 * texts.length))))
    this.#mask = bitCount - 1
    this.#bits = new Uint32Array(bitCount / 32)
    this.#hasNonAscii = texts.some((text) => !isAscii(text))
    this.#isAllLatin1 = texts.every(isLatin1)
    for (const text of texts) for (const form of formsOf(text, encoding)) this.#add(form)
  }

  /** The id of the text that the units equal, as they are; `noText` or `undecided`. */
  find(units: Units, start: number, end: number): number {
    if (this.#hasNonAscii && this.#encoding.unitBytes === 1) return this.#findAnywhere(units, start, end)
    if (!this.#mayHave(units, start, end)) return noText
    const text = textOf(units, start, end, this.#encoding)
    return text === undefined ? noText : this.findText(text)
  }

  findText(text: string): number {
    return this.ids.get(text) ?? noText
  }

  /** What bytes say, of which an escape may have been taken away: as `find`, without the filter. */
  findBytes(bytes: Uint8Array): number {
    const text = textOf(bytes, 0, bytes.length, this.#encoding)
    if (text !== undefined) return this.findText(text)
    if (!this.#hasNonAscii || this.#encoding.name !== 'unmarked') return noText
    if (!this.#isAllLatin1 || !canBeLatin1(bytes)) return undecided
    return this.findText(bytesOf(bytes, 0, bytes.length).toString('latin1'))
  }

  #findAnywhere(units: Units, start: number, end: number): number {
    let at = start
    while (at < end && units[at]! < 0x80) at += 1
    if (at < end) return this.findBytes(bytesOf(units, start, end))
    return this.#mayHave(units, start, end) ? this.findText(bytesOf(units, start, end).toString('latin1')) : noText
  }

  #mayHave(units: Units, start: number, end: number): boolean {
    const bit = hash(units, start, end) & this.#mask
    return (this.#bits[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  #add(form: Units): void {
    const bit = hash(form, 0, form.length) & this.#mask
    this.#bits[bit >>> 5]! |= 1 << (bit & 31)
  }
}

/** The index of texts in an encoding, made once for all objects of a run. */
export function textIndexOf(texts: readonly string[], encoding: Encoding): TextIndex {
  let byEncoding = indexes.get(texts)
  if (byEncoding === undefined) indexes.set(texts, (byEncoding = new Map()))
  let index = byEncoding.get(encoding.name)
  if (index === undefined) byEncoding.set(encoding.name, (index = new TextIndex(texts, encoding)))
  return index
}
const indexes = new WeakMap<readonly string[], Map<string, TextIndex>>()

function formsOf(text: string, { name }: Encoding): Units[] {
  if (name === 'latin1') return isLatin1(text) ? [Buffer.from(text, 'latin1')] : []
  if (name === 'utf-8' || name === 'unmarked') return [Buffer.from(text)]
  return [Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))]
}

function hash(units: Units, start: number, end: number): number {
  let state = end - start
  for (let at = start; at < end; at += 1) state = Math.imul(state ^ units[at]!, 0x01000193)
  return state ^ (state >>> 15)
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit > 0xff || (unit > 0x7f && unit < 0xa0)) return false
  }
  return true
}
