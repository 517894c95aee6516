import type { ColumnChunkInfo } from '../column-chunk.ts'
import { malformed, unsupported } from '../malformed.ts'
import { dictionaryBytes } from '../page-body.ts'
import type { StoredPage } from '../page-reader.ts'
import { decodePlain, type Values } from '../plain-values.ts'
import { HybridRuns } from '../rle-hybrid.ts'
import type { ByteSink } from './byte-sink.ts'

const batchSize = 4096

export interface DictionaryContent {
  readonly entries: Iterable<number>
  readonly replacements?: ReadonlyMap<number, Uint8Array>
}

/** The dictionary of a chunk, and which of its entries rows that stay are known to use. */
export class ChunkDictionary {
  readonly #values: Values
  /** The entries as the page has them, decompressed. */
  readonly bytes: Uint8Array
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
    this.bytes = dictionaryBytes(page, codec)
    this.#values = decodePlain(this.bytes, { column, count: head.numValues })
    this.#isUsed = new Uint8Array(head.numValues)
    this.#unused = head.numValues
  }

  get size(): number {
    return this.#values.count
  }

  isUsed(index: number): boolean {
    return this.#isUsed[index] === 1
  }

  /** @throws LetheError `malformed` for an index beyond the dictionary */
  entry(index: number): Uint8Array {
    const values = this.#values
    if (index >= values.count) throw beyond()
    if (values.kind === 'fixed') return values.bytes.subarray(index * values.width, (index + 1) * values.width)
    return values.bytes.subarray(values.starts[index]!, values.starts[index + 1]! - values.gap)
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
    return Array.from(this.#isUsed.keys()).filter((index) => this.#isUsed[index] === wanted)
  }

  /** Writes entries as PLAIN, some of them replaced. */
  write(sink: ByteSink, { entries, replacements }: DictionaryContent): void {
    const isVariable = this.#values.kind === 'variable'
    for (const index of entries) {
      const bytes = replacements?.get(index) ?? this.entry(index)
      if (isVariable) sink.littleEndian(bytes.length, 4)
      sink.bytes(bytes)
    }
  }
}

function beyond(): Error {
  return malformed('a page points beyond its dictionary')
}
