import { release } from '../codecs.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import type { ByteSet } from '../find/byte-set.ts'
import { signExtension } from '../find/key-values.ts'
import { malformed, unsupported } from '../malformed.ts'
import { dictionaryBytes } from '../page-body.ts'
import type { StoredPage } from '../page-reader.ts'
import { decodePlain, type Values } from '../plain-values.ts'
import { HybridRuns } from '../rle-hybrid.ts'
import type { LeafColumn } from '../schema.ts'
import { viewOf } from '../view-of.ts'
import type { ByteSink } from './byte-sink.ts'
import { comparableBytes, hasSignExtension } from './tells-value.ts'

const batchSize = 4096

/** The dictionary of a chunk, and which of its entries rows that stay are known to use. */
export class ChunkDictionary {
  readonly #column: LeafColumn
  readonly #values: Values
  /** The entries as the page has them, decompressed. */
  readonly bytes: Uint8Array
  readonly #stored: Uint8Array
  readonly #isUsed: Uint8Array
  readonly #batch = new Uint32Array(batchSize)
  #unused: number

  /** @throws LetheError `malformed` where the page is not exactly the entries that it announces, `unsupported` */
  constructor(page: StoredPage, { column, codec }: Pick<ColumnChunkInfo, 'column' | 'codec'>) {
    const { head } = page
    if (head.kind !== 'dictionary') throw malformed('a dictionary is no dictionary page')
    if (head.encoding !== 'PLAIN' && head.encoding !== 'PLAIN_DICTIONARY') {
      throw unsupported(`a dictionary in the encoding ${head.encoding}`)
    }
    if (column.physicalType === 'BOOLEAN') throw unsupported('a dictionary of booleans')
    this.#column = column
    this.#stored = page.body
    this.bytes = dictionaryBytes(page, codec)
    this.#values = decodePlain(this.bytes, { column, count: head.numValues })
    this.#isUsed = new Uint8Array(head.numValues)
    this.#unused = head.numValues
  }

  get size(): number {
    return this.#values.count
  }

  /** Gives back the memory of the entries; neither these nor views of them may be used afterwards. */
  release(): void {
    release(this.bytes, this.#stored)
  }

  isUsed(index: number): boolean {
    return this.#isUsed[index] === 1
  }

  /** @throws LetheError `malformed` for an index beyond the dictionary */
  entry(index: number): Uint8Array {
    if (index >= this.size) throw beyond()
    return this.bytes.subarray(this.#start(index), this.#end(index))
  }

  #start(index: number): number {
    return this.#values.kind === 'fixed' ? index * this.#values.width : this.#values.starts[index]!
  }

  #end(index: number): number {
    const values = this.#values
    return values.kind === 'fixed' ? (index + 1) * values.width : values.starts[index + 1]! - values.gap
  }

  /** An entry in comparable form: equal values have equal bytes. */
  comparableEntry(index: number): Uint8Array {
    return comparableBytes(this.#column)(this.entry(index))
  }

  /** Whether an entry has the bytes of an entry of another dictionary. */
  isEqual(index: number, other: ChunkDictionary, otherIndex: number): boolean {
    const end = this.#end(index)
    let at = other.#start(otherIndex)
    if (end - this.#start(index) !== other.#end(otherIndex) - at) return false
    for (let from = this.#start(index); from < end; from += 1, at += 1) {
      if (this.bytes[from] !== other.bytes[at]) return false
    }
    return true
  }

  /** The entries that are members of a set, whose members are in comparable form. */
  entriesIn(set: Pick<ByteSet, 'find'>): number[] {
    const found: number[] = []
    const view = viewOf(this.bytes)
    const isStripped = hasSignExtension(this.#column)
    for (let index = 0; index < this.size; index += 1) {
      const start = this.#start(index)
      const end = this.#end(index)
      const from = isStripped ? start + signExtension(view, start, end) : start
      if (set.find(view, from, end) !== -1) found.push(index)
    }
    return found
  }

  /** Notes the entries that the indices of a page, their bit width in front, point at. @throws LetheError `malformed` */
  markUsed(values: Uint8Array, count: number): void {
    if (this.#unused === 0 || count === 0) return
    const runs = new HybridRuns({ bytes: values.subarray(1), bitWidth: values[0] ?? 0, numValues: count })
    while (runs.next()) {
      if (runs.isRepeated) this.#mark(runs.value)
      else this.#markPacked(runs)
    }
  }

  #markPacked(runs: HybridRuns): void {
    const batch = this.#batch
    for (let skip = 0; skip < runs.count; skip += batchSize) {
      const count = Math.min(batchSize, runs.count - skip)
      runs.unpack(batch, { skip, count })
      for (let index = 0; index < count; index += 1) this.#mark(batch[index]!)
    }
  }

  #mark(index: number): void {
    if (this.#isUsed[index] === 1) return
    if (index >= this.#isUsed.length) throw beyond()
    this.#isUsed[index] = 1
    this.#unused -= 1
  }

  /** The entries that are known to be used, or those that are not, in order. */
  entries(kind: 'used' | 'unused'): number[] {
    const wanted = kind === 'used' ? 1 : 0
    const entries: number[] = []
    for (let index = 0; index < this.size; index += 1) if (this.#isUsed[index] === wanted) entries.push(index)
    return entries
  }

  /** Writes the entries as PLAIN, some of them replaced. */
  writeReplaced(sink: ByteSink, replacements: ReadonlyMap<number, Uint8Array>): void {
    let keptFrom = 0
    for (const index of [...replacements.keys()].sort((a, b) => a - b)) {
      const bytes = replacements.get(index)!
      sink.bytes(this.bytes, keptFrom, this.#start(index) - this.#gap)
      if (this.#gap > 0) sink.littleEndian(bytes.length, this.#gap)
      sink.bytes(bytes)
      keptFrom = this.#end(index)
    }
    sink.bytes(this.bytes, keptFrom)
  }

  /** Writes some of the entries as PLAIN. */
  writeKept(sink: ByteSink, entries: Iterable<number>): void {
    for (const index of entries) sink.bytes(this.bytes, this.#start(index) - this.#gap, this.#end(index))
  }

  /** Bytes of the length in front of an entry. */
  get #gap(): number {
    return this.#values.kind === 'fixed' ? 0 : this.#values.gap
  }
}

function beyond(): Error {
  return malformed('a page points beyond its dictionary')
}
