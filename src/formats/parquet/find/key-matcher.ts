import type { Predicate } from '../../../domain/predicate.ts'
import { malformed } from '../malformed.ts'
import type { Values } from '../plain-values.ts'
import { viewOf } from '../view-of.ts'
import { ByteSet, maxParts } from './byte-set.ts'
import type { Hits } from './hits.ts'
import { canonicalInt96, int96Width, isCanonicalInt96 } from './int96.ts'
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
  readonly #entries: ByteSet
  readonly #canonical: KeyValues['canonical']
  readonly order: KeyValues['order']
  /** For each use of the column. */
  readonly #textsOf: EntryTexts[] = []
  /** Texts that cannot be a value of the column's type, each counted once. */
  readonly notOfType: number

  constructor(values: KeyValues, textsOfUses: readonly (readonly string[])[]) {
    this.#canonical = values.canonical
    this.#entries = new ByteSet(textsOfUses.reduce((sum, texts) => sum + texts.length, 0))
    this.order = values.canonical === undefined ? values.order : undefined
    const strangers = new Set<string>()
    for (const texts of textsOfUses) {
      const entryTexts = new EntryTexts(texts.length)
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

  /** The id of the text that an entry stands for in one of the uses, where it is one alone; else -1. */
  onlyTextOf(use: number, entry: number): number {
    return this.#textsOf[use]!.onlyOf(entry)
  }

  /** The entry that the value at bytes `start .. end` of a view equals; -1 where there is none. */
  find(view: DataView, start: number, end: number): number {
    if (this.#canonical === undefined) return this.#entries.find(view, start, end)
    if (this.#canonical === 'int96') return this.#findInt96(view, start)
    if (start === end) throw malformed('a decimal without bytes')
    return this.#entries.find(view, start + signExtension(view, start, end), end)
  }

  #findInt96(view: DataView, start: number): number {
    if (isCanonicalInt96(view, start)) return this.#entries.find(view, start, start + int96Width)
    const value = canonicalInt96(view, start)
    return value === undefined ? -1 : this.#entries.find(viewOf(value), 0, int96Width)
  }

  /** Adds a hit for each of the values, by its ordinal among them, that equals an entry. */
  scan(values: Values, hits: Hits): void {
    const candidates = this.#candidatesIn(viewOf(values.bytes), hits)
    if (values.kind === 'fixed') {
      const { width, count } = values
      for (let index = 0, start = 0; index < count; index += 1, start += width)
        candidates.add(index, start, start + width)
    } else {
      const { starts, gap, count } = values
      for (let index = 0; index < count; index += 1) candidates.add(index, starts[index]!, starts[index + 1]! - gap)
    }
    candidates.finish()
  }

  /**
   * The same for `count` byte arrays in the encoding PLAIN, without a table of where they begin.
   *
   * @throws LetheError `malformed` where the bytes are not exactly those of `count` values
   */
  scanPlainByteArrays(bytes: Uint8Array, count: number, hits: Hits): void {
    const view = viewOf(bytes)
    const candidates = this.#candidatesIn(view, hits)
    const total = bytes.length
    let position = 0
    for (let index = 0; index < count; index += 1) {
      if (position + 4 > total) throw malformed('a page has not as many values as it says')
      const start = position + 4
      position = start + view.getUint32(position, true)
      if (position > total) throw malformed('a value reaches beyond its page')
      candidates.add(index, start, position)
    }
    if (position !== total) throw malformed('a page has not as many values as it says')
    candidates.finish()
  }

  #candidatesIn(view: DataView, hits: Hits): Candidates {
    if (this.#canonical === undefined) return new ExactCandidates(this.#entries, view, hits)
    return {
      add: (index, start, end) => {
        const entry = this.find(view, start, end)
        if (entry !== -1) hits.add(index, index + 1, entry)
      },
      finish: () => undefined,
    }
  }
}

/** Takes values in order, by their ordinals, and adds those that equal an entry to the hits. */
interface Candidates {
  add(index: number, start: number, end: number): void
  finish(): void
}

/** Passes over what is no entry for certain; looks the others up together. */
class ExactCandidates implements Candidates {
  readonly #entries: ByteSet
  readonly #view: DataView
  readonly #hits: Hits
  readonly #indices = new Uint32Array(maxParts)
  readonly #parts = {
    starts: new Uint32Array(maxParts),
    ends: new Uint32Array(maxParts),
    ordinals: new Int32Array(maxParts),
    count: 0,
  }

  constructor(entries: ByteSet, view: DataView, hits: Hits) {
    this.#entries = entries
    this.#view = view
    this.#hits = hits
  }

  add(index: number, start: number, end: number): void {
    if (!this.#entries.mayHold(this.#view, start, end)) return
    const parts = this.#parts
    this.#indices[parts.count] = index
    parts.starts[parts.count] = start
    parts.ends[parts.count] = end
    parts.count += 1
    if (parts.count === maxParts) this.finish()
  }

  finish(): void {
    const parts = this.#parts
    this.#entries.findMany(this.#view, parts)
    for (let part = 0; part < parts.count; part += 1) {
      const entry = parts.ordinals[part]!
      if (entry !== -1) this.#hits.add(this.#indices[part]!, this.#indices[part]! + 1, entry)
    }
    parts.count = 0
  }
}

/** From entries to the ids of their texts, mostly one each. */
class EntryTexts {
  /** By entry: the id of its only text, or one of these. */
  #only: Int32Array<ArrayBuffer>
  readonly #several = new Map<number, number[]>()

  constructor(entries: number) {
    this.#only = new Int32Array(entries).fill(noText)
  }

  add(entry: number, textId: number): void {
    if (entry >= this.#only.length) this.#grow(entry + 1)
    const only = this.#only[entry]!
    if (only === noText) {
      this.#only[entry] = textId
    } else if (only === severalTexts) {
      this.#several.get(entry)!.push(textId)
    } else {
      this.#several.set(entry, [only, textId])
      this.#only[entry] = severalTexts
    }
  }

  onlyOf(entry: number): number {
    return Math.max(-1, this.#only[entry] ?? noText)
  }

  of(entry: number): readonly number[] {
    const only = this.#only[entry] ?? noText
    return only >= 0 ? [only] : (this.#several.get(entry) ?? [])
  }

  #grow(entries: number): void {
    const grown = new Int32Array(Math.max(2 * this.#only.length, entries)).fill(noText)
    grown.set(this.#only)
    this.#only = grown
  }
}

const noText = -1
const severalTexts = -2

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
