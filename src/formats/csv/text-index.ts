import { isUtf8 } from 'node:buffer'
import { TextTable } from '../text-table.ts'
import { bytesOf, canBeLatin1, type Encoding, type Units } from './encoding.ts'

/** The cell is not UTF-8, and whether it equals a text depends on what else it is. */
export const undecided = -2
export const noText = -1

/** The texts that a column is compared with, as the cells of an encoding. A million cost no more time for a cell than one. */
export class TextIndex {
  readonly #table: TextTable
  readonly #encoding: Encoding
  /** Some text has characters beyond ASCII, so that the encoding of a cell matters. */
  readonly #hasNonAscii: boolean
  readonly #isAllLatin1: boolean

  constructor(texts: readonly string[], encoding: Encoding) {
    this.#table = new TextTable(texts)
    this.#encoding = encoding
    this.#hasNonAscii = texts.some((text) => !isAscii(text))
    this.#isAllLatin1 = !this.#hasNonAscii || texts.every(isLatin1)
  }

  /** The id of the text that the units equal; `noText` or `undecided`. */
  find(units: Units, start: number, end: number): number {
    const { name } = this.#encoding
    if (units.BYTES_PER_ELEMENT === 2) return this.findText(bytesOf(units, start, end).toString('utf16le'))
    const bytes = units as Uint8Array
    const isAsItIs = name === 'utf-8' || !this.#hasNonAscii || isAsciiRun(bytes, start, end)
    if (isAsItIs) return this.#table.indexOf(bytes, start, end)
    return this.#findNonAscii(bytesOf(units, start, end))
  }

  findText(text: string): number {
    if (!text.isWellFormed()) return noText
    const bytes = Buffer.from(text)
    return this.#table.indexOf(bytes, 0, bytes.length)
  }

  #findNonAscii(bytes: Buffer): number {
    if (this.#encoding.name === 'latin1') return this.findText(bytes.toString('latin1'))
    if (isUtf8(bytes)) return this.#table.indexOf(bytes, 0, bytes.length)
    return this.#isAllLatin1 && canBeLatin1(bytes) ? this.findText(bytes.toString('latin1')) : undecided
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

function isAsciiRun(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at]! >= 0x80) return false
  return true
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
