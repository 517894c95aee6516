import type { Predicate } from '../../../domain/predicate.ts'
import { malformed } from '../malformed.ts'
import type { Values } from '../plain-values.ts'
import { ByteSet } from './byte-set.ts'
import type { Hits } from './hits.ts'
import { canonicalInt96, int96Width } from './int96.ts'
import { type KeyColumn, type KeyValues, keyValues, signExtension } from './key-values.ts'

/** A column of a tuple group: `predicate.groups[group].columns[column]`. */
export interface KeyUse {
  readonly group: number
  readonly column: number
}

/**
 * All texts that one file column is compared with, compiled for the column's type: a set of *entries*, which are stored
 * values. A value equals at most one entry; an entry stands for one text or several (`42`, `42.0`).
 */
export class KeyMatcher {
  readonly #entries = new ByteSet()
  readonly #canonical: KeyValues['canonical']
  readonly order: KeyValues['order']
  /** For each use of the column: the first text of each entry, and for each text-entry pair the next one. */
  readonly #textsOf: EntryTexts[] = []
  /** Texts that cannot be a value of the column's type, each counted once. */
  readonly notOfType: number

  constructor(values: KeyValues, textsOfUses: readonly (readonly string[])[]) {
    this.#canonical = values.canonical
    this.order = values.canonical === undefined ? values.order : undefined
    const strangers = new Set<string>()
    for (const texts of textsOfUses) {
      const entryTexts = new EntryTexts()
      this.#textsOf.push(entryTexts)
      for (const [textId, text] of texts.entries()) {
        const encoded = values.valuesOf(text)
        if (encoded.length === 0) strangers.add(text)
        for (const bytes of encoded) entryTexts.add(this.#entries.add(bytes), textId)
      }
    }
    this.notOfType = strangers.size
  }

  /** Number of entries; 0: nothing in the column can match. */
  get count(): number {
    return this.#entries.count
  }

  /** Whether equal values are equal bytes, so that an entry is exactly what a file stores. */
  get isExact(): boolean {
    return this.#canonical === undefined
  }

  /** The bytes of an entry: a view. */
  entry(ordinal: number): Uint8Array {
    return this.#entries.entry(ordinal)
  }

  /** Ids of the texts that an entry stands for in one of the uses, by the use's index. */
  textsOf(use: number, entry: number): readonly number[] {
    return this.#textsOf[use]!.of(entry)
  }

  /** The entry that a value equals; -1 where there is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#canonical === undefined) return this.#entries.find(bytes, start, end)
    if (this.#canonical === 'int96') {
      const value = canonicalInt96(bytes, start)
      return value === undefined ? -1 : this.#entries.find(value, 0, int96Width)
    }
    if (start === end) throw malformed('a decimal without bytes')
    return this.#entries.find(bytes, start + signExtension(bytes, start, end), end)
  }

  /** Adds a hit for each of the values that equals an entry; value `i` has the ordinal `firstOrdinal + i`. */
  scan(values: Values, firstOrdinal: number, hits: Hits): void {
    if (values.kind === 'fixed') this.#scanFixed(values, firstOrdinal, hits)
    else this.#scanVariable(values, firstOrdinal, hits)
  }

  #scanFixed({ bytes, width, count }: Extract<Values, { kind: 'fixed' }>, first: number, hits: Hits): void {
    for (let index = 0, start = 0; index < count; index += 1, start += width) {
      const entry = this.find(bytes, start, start + width)
      if (entry !== -1) hits.add(first + index, first + index + 1, entry)
    }
  }

  #scanVariable({ bytes, starts, gap, count }: Extract<Values, { kind: 'variable' }>, first: number, hits: Hits): void {
    for (let index = 0; index < count; index += 1) {
      const entry = this.find(bytes, starts[index]!, starts[index + 1]! - gap)
      if (entry !== -1) hits.add(first + index, first + index + 1, entry)
    }
  }

  /**
   * The same for `count` byte arrays in the encoding PLAIN, without a table of where they begin.
   *
   * @throws LetheError `malformed` where the bytes are not exactly those of `count` values
   */
  scanPlainByteArrays(bytes: Uint8Array, count: number, hits: Hits): void {
    const total = bytes.length
    let position = 0
    for (let index = 0; index < count; index += 1) {
      if (position + 4 > total) throw malformed('a page has not as many values as it says')
      const length =
        bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24)
      position += 4
      // A length of 2 GiB or more is negative here.
      if (length < 0 || length > total - position) throw malformed('a value reaches beyond its page')
      const entry = this.find(bytes, position, position + length)
      if (entry !== -1) hits.add(index, index + 1, entry)
      position += length
    }
    if (position !== total) throw malformed('a page has not as many values as it says')
  }
}

/** From entries to the ids of their texts, mostly one each: chains in arrays. */
class EntryTexts {
  /** By entry: index + 1 of the first pair; 0: none. */
  #first = new Uint32Array(64)
  #textIds = new Uint32Array(64)
  #next = new Uint32Array(64)
  #pairs = 0

  add(entry: number, textId: number): void {
    if (entry >= this.#first.length) this.#first = grown(this.#first, entry + 1)
    if (this.#pairs === this.#next.length) {
      this.#next = grown(this.#next, this.#pairs + 1)
      this.#textIds = grown(this.#textIds, this.#pairs + 1)
    }
    this.#textIds[this.#pairs] = textId
    this.#next[this.#pairs] = this.#first[entry]!
    this.#pairs += 1
    this.#first[entry] = this.#pairs
  }

  of(entry: number): readonly number[] {
    const ids: number[] = []
    for (let pair = this.#first[entry] ?? 0; pair !== 0; pair = this.#next[pair - 1]!)
      ids.push(this.#textIds[pair - 1]!)
    return ids
  }
}

function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const result = new Uint32Array(Math.max(2 * array.length, length))
  result.set(array)
  return result
}

/** Compiled matchers of a predicate, by column type and uses: objects of a lake mostly have the same types. */
const compiled = new WeakMap<Predicate, Map<string, KeyMatcher>>()

/**
 * The matcher of a file column that these uses name. Compiled once for each type that a predicate meets.
 *
 * Undefined where the column's type cannot be compared with certainty.
 */
export function compileKey(
  predicate: Predicate,
  { column, uses }: { readonly column: KeyColumn; readonly uses: readonly KeyUse[] },
): KeyMatcher | undefined {
  const values = keyValues(column)
  if (values === undefined) return undefined
  let matchers = compiled.get(predicate)
  if (matchers === undefined) compiled.set(predicate, (matchers = new Map()))
  const key = JSON.stringify([column.physicalType, column.typeLength, column.type, uses])
  let matcher = matchers.get(key)
  if (matcher === undefined) {
    const texts = uses.map((use) => predicate.groups[use.group]!.texts[use.column]!)
    matchers.set(key, (matcher = new KeyMatcher(values, texts)))
  }
  return matcher
}
