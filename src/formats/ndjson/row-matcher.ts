import { numberKeyOfJson, numberKeyOfText } from '../../domain/number-text.ts'
import { type ColumnNode, type Rank, rank } from './columns.ts'
import type { CompiledPredicate } from './compiled-predicate.ts'
import { JsonReader, token } from './json-reader.ts'
import { unescapeJsonString } from './json-string.ts'
import type { PartitionValues } from './partition-values.ts'
import type { ValueTable } from './value-table.ts'

/**
 * What a line is. Only objects are rows that can match; a scalar, or an array in which no object has a key, is kept.
 * `objects-in-array` is no NDJSON: rows that nobody would look for there.
 */
export type LineKind = 'object' | 'scalar' | 'array' | 'objects-in-array' | 'blank' | 'malformed'

/** A node of the column trie that the keys so far lead to, and whether one of them differs in case. */
interface Reached {
  readonly node: ColumnNode
  readonly isCaseApart: boolean
}

const nowhere: readonly Reached[] = []

/** An open container, and where its values lie. */
interface Frame {
  readonly isArray: boolean
  readonly at: readonly Reached[]
}

/**
 * The full look at one line: parses all of it, strictly, and says which matches it is hit by. Of the values that a
 * column has in the line, those of the smallest rank count: any of them.
 */
export class RowMatcher {
  /** Positions of the matches that hit the row last read. */
  readonly positions = new Set<number>()
  /** Whether an array or object lay where a match looks for a value in that row. */
  hasContainerAtKey = false
  /** For each column whether any row read has it. */
  readonly seen: Uint8Array

  readonly #predicate: CompiledPredicate
  readonly #partitions: PartitionValues
  readonly #reader = new JsonReader()
  readonly #frames: Frame[] = []
  /** Columns that the row has, the rank of each, and whether it is there as a container. */
  readonly #touched: number[] = []
  readonly #ranks: Uint8Array
  readonly #isContainer: Uint8Array
  /** Keys of the row that take the place of a folder. */
  readonly #looseKeys = new Set<string>()
  /** For each slot the texts that the column equals in the row. */
  readonly #ids: Set<number>[]
  #bytes: Buffer = Buffer.alloc(0)
  #unescaped: Buffer = Buffer.alloc(0)

  constructor(predicate: CompiledPredicate, partitions: PartitionValues) {
    this.#predicate = predicate
    this.#partitions = partitions
    this.seen = Uint8Array.from(predicate.columns, (_, column) =>
      this.#partitions.rankOf(column) === rank.absent ? 0 : 1,
    )
    this.#ranks = new Uint8Array(predicate.columns.length).fill(rank.absent)
    this.#isContainer = new Uint8Array(predicate.columns.length)
    this.#ids = predicate.slots.map(() => new Set())
  }

  /** Reads `bytes[start..end)`, a line without its newline. */
  read(bytes: Buffer, start: number, end: number): LineKind {
    this.#forget()
    this.#bytes = bytes
    this.#reader.open(bytes, start, end)
    switch (this.#reader.next()) {
      case token.objectStart:
        if (!this.#readObject()) return this.#malformed()
        this.#judge()
        return 'object'
      case token.arrayStart:
        return this.#readArray()
      case token.unfinished:
        return 'blank'
      case token.invalid:
        return 'malformed'
      default:
        return this.#reader.next() === token.end ? 'scalar' : 'malformed'
    }
  }

  #forget(): void {
    this.positions.clear()
    this.hasContainerAtKey = false
    for (const column of this.#touched) {
      this.#ranks[column] = rank.absent
      this.#isContainer[column] = 0
      for (const slot of this.#predicate.slotsOfColumn[column]!) this.#ids[slot]!.clear()
    }
    this.#touched.length = 0
    this.#looseKeys.clear()
    this.#frames.length = 0
  }

  #malformed(): LineKind {
    this.#forget()
    return 'malformed'
  }

  #readArray(): LineKind {
    let hasKey = false
    for (;;) {
      const read = this.#reader.next()
      if (read === token.key) hasKey = true
      else if (read === token.end) return hasKey ? 'objects-in-array' : 'array'
      else if (read === token.invalid || read === token.unfinished) return 'malformed'
    }
  }

  #readObject(): boolean {
    const reader = this.#reader
    const frames = this.#frames
    frames.push({ isArray: false, at: [{ node: this.#predicate.trie, isCaseApart: false }] })
    let at = nowhere
    for (;;) {
      const read = reader.next()
      switch (read) {
        case token.key:
          at = this.#childrenAtKey(frames[frames.length - 1]!.at)
          break
        case token.objectStart:
        case token.arrayStart: {
          const isArray = read === token.arrayStart
          const inside = this.#enter(at, isArray)
          if (inside.length > 0) frames.push({ isArray, at: inside })
          else if (!reader.skipContainer()) return false
          at = isArray && inside.length > 0 ? inside : this.#afterValue()
          break
        }
        case token.objectEnd:
        case token.arrayEnd:
          frames.pop()
          at = this.#afterValue()
          break
        case token.end:
          return true
        case token.invalid:
        case token.unfinished:
          return false
        default:
          for (const { node, isCaseApart } of at) this.#takeScalar(node, isCaseApart, read)
      }
    }
  }

  #childrenAtKey(at: readonly Reached[]): readonly Reached[] {
    const { start, end, hasEscapes } = this.#reader
    const isPlain = !hasEscapes && isAscii(this.#bytes, start, end)
    if (isPlain && !at.some(({ node }) => node.signatures.mayHave(this.#bytes, start, end))) return nowhere
    const key = this.#text()
    if (this.#frames.length === 1 && this.#partitions.looseNames.has(key)) this.#looseKeys.add(key)
    return childrenAt(at, key)
  }

  /** Where the next value lies if no key comes first: that is in an array. */
  #afterValue(): readonly Reached[] {
    const frame = this.#frames[this.#frames.length - 1]
    return frame?.isArray === true ? frame.at : nowhere
  }

  /** Notes a container that lies at these nodes, and yields where its own values lie. */
  #enter(at: readonly Reached[], isArray: boolean): readonly Reached[] {
    if (at.length === 0) return nowhere
    const inside: Reached[] = []
    for (const { node, isCaseApart } of at) {
      for (const leaf of node.leaves) {
        if (this.#touch(leaf.column, isCaseApart ? rank.caseApart : leaf.rank)) this.#isContainer[leaf.column] = 1
      }
      if (!isArray) {
        if (node.hasKeys) inside.push({ node, isCaseApart })
      } else if (node.elements !== undefined) {
        // An empty array has the column too: it is not misspelt.
        for (const leaf of node.elements.leaves) this.#touch(leaf.column, isCaseApart ? rank.caseApart : leaf.rank)
        inside.push({ node: node.elements, isCaseApart })
      }
    }
    return inside
  }

  #takeScalar(node: ColumnNode, isCaseApart: boolean, read: number): void {
    for (const leaf of node.leaves) {
      if (!this.#touch(leaf.column, isCaseApart ? rank.caseApart : leaf.rank)) continue
      for (const slot of this.#predicate.slotsOfColumn[leaf.column]!) {
        this.#takeValue(this.#predicate.slots[slot]!.values, read, this.#ids[slot]!)
      }
    }
  }

  /** Notes that the row has a column at a rank; false where it has it at a smaller one. */
  #touch(column: number, at: Rank): boolean {
    const known = this.#ranks[column]!
    if (at > known) return false
    if (at < known) {
      if (known === rank.absent) this.#touched.push(column)
      this.#ranks[column] = at
      this.#isContainer[column] = 0
      for (const slot of this.#predicate.slotsOfColumn[column]!) this.#ids[slot]!.clear()
    }
    return true
  }

  #takeValue(values: ValueTable, read: number, ids: Set<number>): void {
    const { start, end } = this.#reader
    if (read === token.number) {
      for (const id of values.ofNumber(this.#bytes, start, end)) {
        if (isSameNumber(values.text(id), this.#bytes.toString('latin1', start, end))) ids.add(id)
      }
    } else if (read !== token.null) {
      const id = read === token.string ? this.#idOfString(values) : values.ofString(this.#bytes, start, end)
      // What the table says is compared once more, as characters: a row goes on the strength of this.
      if (id !== -1 && values.text(id) === this.#text()) ids.add(id)
    }
  }

  #idOfString(values: ValueTable): number {
    const { start, end, hasEscapes } = this.#reader
    if (!hasEscapes) return values.ofString(this.#bytes, start, end)
    if (this.#unescaped.length < end - start) this.#unescaped = Buffer.allocUnsafe(end - start)
    return values.ofString(this.#unescaped, 0, unescapeJsonString(this.#bytes, start, end, this.#unescaped))
  }

  /** The characters of the key, string or word last read. */
  #text(): string {
    const { start, end, hasEscapes } = this.#reader
    const text = this.#bytes.toString('utf8', start, end)
    return hasEscapes ? String(JSON.parse(`"${text}"`)) : text
  }

  #judge(): void {
    const partitions = this.#partitions.beside(this.#looseKeys)
    for (const column of this.#touched) {
      this.seen[column] = 1
      const counts = this.#ranks[column]! <= partitions.rankOf(column)
      if (counts && this.#isContainer[column] === 1) this.hasContainerAtKey = true
    }
    const { groups, slotsOfColumn, slots } = this.#predicate
    for (const group of partitions.groups) this.#judgeGroup(group, partitions)
    for (const column of this.#touched) {
      for (const slot of slotsOfColumn[column]!) {
        const { group } = slots[slot]!
        // Each group once: for the first of its columns that has a value here.
        if (this.#ids[slot]!.size > 0 && groups[group]!.slots.find((other) => this.#ids[other]!.size > 0) === slot) {
          this.#judgeGroup(group, partitions)
        }
      }
    }
  }

  #judgeGroup(index: number, partitions: PartitionValues): void {
    const { slots, lookup, positions } = this.#predicate.groups[index]!
    const ids = slots.map((slot) => {
      const { column } = this.#predicate.slots[slot]!
      return partitions.idsWith(slot, column, { rank: this.#ranks[column] as Rank, ids: [...this.#ids[slot]!] })
    })
    for (const tuple of lookup.ofSeveral(ids)) this.positions.add(positions[tuple]!)
  }
}

function childrenAt(at: readonly Reached[], key: string): readonly Reached[] {
  let children: Reached[] | undefined
  for (const { node, isCaseApart } of at) {
    const exact = node.exact(key)
    if (exact !== undefined) (children ??= []).push({ node: exact, isCaseApart })
    for (const folded of node.folded(key)) {
      if (folded !== exact) (children ??= []).push({ node: folded, isCaseApart: true })
    }
  }
  return children ?? nowhere
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at]! >= 0x80) return false
  return true
}

function isSameNumber(text: string, jsonNumber: string): boolean {
  const key = numberKeyOfText(text)
  return key !== undefined && key === numberKeyOfJson(jsonNumber)
}
