import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo, Extent } from '../column-chunk.ts'
import { malformed, unsupported } from '../malformed.ts'
import { ColumnMetaData, PageEncodingStats } from '../metadata.ts'
import { encodings, pageTypes } from '../metadata-enums.ts'
import { dictionaryBytes, releasePage, splitPage } from '../page-body.ts'
import type { DataPageHead, PageHead } from '../page-header.ts'
import { readPages, type StoredPage } from '../page-reader.ts'
import { decodePlain } from '../plain-values.ts'
import { getField, requireField } from '../thrift-fields.ts'
import { Hits } from './hits.ts'
import type { KeyMatcher } from './key-matcher.ts'
import type { IndexedPage } from './page-index.ts'
import type { ChunkPlan } from './prune-chunk.ts'
import { type DictionaryMatches, isDictionaryEncoded, scanPage } from './scan-page.ts'

export interface ScanChunkRequest {
  readonly chunk: ColumnChunkInfo
  /** Rows of the row group. */
  readonly numRows: number
  readonly matcher: KeyMatcher
  readonly plan: ChunkPlan
  /** Only rows of these runs matter; pages that hold none of them are not decompressed. */
  readonly within: Hits | undefined
  readonly signal?: AbortSignal
}

/** Below this a dictionary is not worth a request of its own. */
const smallChunkBytes = 64 * 1024

/**
 * The rows of a chunk, counted from the row group's first, whose value equals an entry of the matcher. The column has
 * no repetition: a value a row.
 *
 * @throws LetheError `malformed`, also where the pages' counts are not those of the row group
 */
export async function scanChunk(source: RangeSource, request: ScanChunkRequest): Promise<Hits> {
  const { chunk, plan } = request
  const scan = new ChunkScan(source, request)
  if (plan.kind === 'nothing') return scan.rows
  if (plan.kind === 'everything') {
    const dictionaryEnd = Math.max(chunk.start, chunk.dataPageOffset)
    const isSplit = dictionaryEnd > chunk.start && chunk.end - dictionaryEnd > smallChunkBytes
    if (isSplit && hasOnlyDictionaryPages(chunk)) {
      await scan.read({ start: chunk.start, end: dictionaryEnd }, 0)
      if (scan.isExcludedByDictionary) return scan.rows
      scan.requireEnd(await scan.read({ start: dictionaryEnd, end: chunk.end }, 0))
    } else {
      scan.requireEnd(await scan.read(chunk, 0))
    }
    return scan.rows
  }
  if (chunk.dataPageOffset > chunk.start) await scan.read({ start: chunk.start, end: chunk.dataPageOffset }, 0)
  if (scan.isExcludedByDictionary && hasOnlyDictionaryPages(chunk)) return scan.rows
  for (const run of joinNeighbours(plan.pages)) await scan.readIndexed(run)
  return scan.rows
}

class ChunkScan {
  readonly #source: RangeSource
  readonly #request: ScanChunkRequest
  readonly rows = new Hits()
  readonly #scratch = new Hits()
  #dictionary: DictionaryMatches | undefined

  constructor(source: RangeSource, request: ScanChunkRequest) {
    this.#source = source
    this.#request = request
  }

  /** Whether there is a dictionary and none of its entries is looked for. */
  get isExcludedByDictionary(): boolean {
    return this.#dictionary !== undefined && !this.#dictionary.hasMatch
  }

  /** Scans the pages of a range, the first of which begins at a row; yields the row behind the last. */
  async read({ start, end }: Extent, firstRow: number): Promise<number> {
    let row = firstRow
    for await (const page of this.#pages({ start, end })) row += this.#scan(page, row)
    return row
  }

  /** Scans pages of the index, which must be where and as large as it says. */
  async readIndexed(run: readonly IndexedPage[]): Promise<void> {
    let index = 0
    for await (const page of this.#pages({ start: run[0]!.start, end: run.at(-1)!.end })) {
      const expected = run[index]
      index += 1
      const isThere = expected !== undefined && page.offset === expected.start && page.end === expected.end
      if (!isThere) throw malformed('a page is not where the index says')
      const rows = this.#scan(page, expected.firstRow)
      if (rows !== expected.endRow - expected.firstRow) throw malformed('a page has not as many rows as the index says')
    }
    if (index !== run.length) throw malformed('a page is not where the index says')
  }

  requireEnd(row: number): void {
    if (row !== this.#request.numRows) throw malformed('the pages of a column have not as many rows as their row group')
  }

  #pages({ start, end }: Extent): AsyncGenerator<StoredPage> {
    const { signal } = this.#request
    return readPages(this.#source, { start, end }, signal === undefined ? {} : { signal })
  }

  /** How many rows the page holds; 0 for one without rows. */
  #scan(page: StoredPage, firstRow: number): number {
    const { head, body } = page
    if (head.kind === 'index') return 0
    if (head.kind === 'dictionary') {
      if (this.#dictionary !== undefined) throw malformed('a column chunk with two dictionaries')
      this.#dictionary = this.#matchDictionary(head, body)
      return 0
    }
    const endRow = firstRow + head.numValues
    if (endRow > this.#request.numRows) throw malformed('the pages of a column have more rows than their row group')
    if (head.kind === 'data-v2' && head.numRows !== head.numValues) {
      throw malformed('a page of a column without repetition has not as many values as rows')
    }
    if (this.#canMatch(head, { firstRow, endRow })) this.#scanData(head, body, firstRow)
    return head.numValues
  }

  #canMatch(head: DataPageHead, { firstRow, endRow }: { firstRow: number; endRow: number }): boolean {
    const { within } = this.#request
    if (within !== undefined && !within.meets(firstRow, endRow)) return false
    return !(isDictionaryEncoded(head) && this.isExcludedByDictionary)
  }

  #scanData(head: DataPageHead, body: Uint8Array, firstRow: number): void {
    const { chunk, matcher } = this.#request
    const sections = splitPage({ head, body }, chunk)
    const scan = { column: chunk.column, matcher, dictionary: this.#dictionary, firstRow, scratch: this.#scratch }
    const present = scanPage(sections, scan, this.rows)
    releasePage(sections)
    if (head.kind === 'data-v2' && head.numNulls !== head.numValues - present) {
      throw malformed('a page has not as many nulls as it says')
    }
  }

  #matchDictionary(head: Extract<PageHead, { kind: 'dictionary' }>, body: Uint8Array): DictionaryMatches {
    const { chunk, matcher } = this.#request
    if (head.encoding !== 'PLAIN' && head.encoding !== 'PLAIN_DICTIONARY') {
      throw unsupported(`a dictionary in the encoding ${head.encoding}`)
    }
    const values = decodePlain(dictionaryBytes({ head, body }, chunk.codec), {
      column: chunk.column,
      count: head.numValues,
    })
    const hits = new Hits()
    matcher.scan(values, hits)
    const entries = new Int32Array(values.count).fill(-1)
    for (let hit = 0; hit < hits.count; hit += 1) entries.fill(hits.entries[hit]!, hits.starts[hit], hits.ends[hit])
    return { entries, hasMatch: hits.count > 0 }
  }
}

/**
 * Whether the footer says that every data page refers to the dictionary. Without encoding statistics a chunk with
 * RLE_DICTIONARY lists PLAIN for the dictionary page itself, which leaves it open whether a data page is PLAIN too.
 */
function hasOnlyDictionaryPages({ metaData, encodings: listed }: ColumnChunkInfo): boolean {
  const stats = getField(metaData, ColumnMetaData.encodingStats)
  if (stats === undefined || stats.length === 0) {
    return (
      listed.includes('PLAIN_DICTIONARY') &&
      listed.every((encoding) => ['PLAIN_DICTIONARY', 'RLE', 'BIT_PACKED'].includes(encoding))
    )
  }
  const dataPages = stats.filter((entry) => {
    const type = pageTypes[requireField(entry, PageEncodingStats.pageType)]
    return type === 'DATA_PAGE' || type === 'DATA_PAGE_V2'
  })
  const encodingsOf = dataPages.map((entry) => encodings[requireField(entry, PageEncodingStats.encoding)])
  return encodingsOf.length > 0 && encodingsOf.every((name) => name === 'PLAIN_DICTIONARY' || name === 'RLE_DICTIONARY')
}

/** Runs of pages that follow one another. */
function* joinNeighbours(pages: readonly IndexedPage[]): Generator<readonly IndexedPage[]> {
  let run: IndexedPage[] = []
  for (const page of pages) {
    if (run.length > 0 && page.start !== run.at(-1)!.end) {
      yield run
      run = []
    }
    run.push(page)
  }
  if (run.length > 0) yield run
}
