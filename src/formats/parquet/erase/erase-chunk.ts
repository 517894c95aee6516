import { LetheError } from '../../../domain/error.ts'
import type { Ranges } from '../../../domain/ranges.ts'
import type { Piece } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import type { CompressOptions } from '../codecs.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { isDictionaryEncoded } from '../find/scan-page.ts'
import { malformed, unsupported } from '../malformed.ts'
import { ColumnMetaData } from '../metadata.ts'
import { type PageSections, releasePage, splitPage } from '../page-body.ts'
import type { ThriftStruct } from '../thrift.ts'
import { getField } from '../thrift-fields.ts'
import {
  boundsOfIndex,
  type ChunkIndex,
  eraseChunkIndex,
  type IndexPage,
  indexBounds,
  type PageEdit,
  readChunkIndex,
} from './chunk-index.ts'
import { type ChunkPage, keptPage } from './chunk-page.ts'
import type { CompressionLevels } from './compression-level.ts'
import { type DataPlace, DictionaryScrubber, requireDictionary } from './dictionary-scrubber.ts'
import { eraseBloomFilter } from './erase-bloom-filter.ts'
import { type ErasedPage, erasePage } from './erase-page.ts'
import { type ErasedCounts, ErasedFacts } from './erased-facts.ts'
import { GeospatialWatch } from './geospatial-watch.ts'
import { type PagePlace, PageWalk } from './page-walk.ts'
import type { PageWriter } from './page-writer.ts'
import { type PageRows, RowCursor } from './row-cursor.ts'
import { BoundsWatch, StatisticsWatch, type ValueWatch } from './statistics-watch.ts'
import { bloomFilterExtent } from './structures.ts'
import { boundsOfSection, boundsOfValues, type ValueBounds } from './value-bounds.ts'
import type { CompareValues } from './value-order.ts'

export interface ChunkErasure {
  readonly source: RangeSource
  readonly chunk: ColumnChunkInfo
  /** The chunk's row group. */
  readonly group: { readonly firstRow: number; readonly numRows: number }
  /** Rows of the file to leave out. */
  readonly rows: Ranges
  readonly spool: Spool
  readonly writer: PageWriter
  readonly levels: CompressionLevels
  /** Where the source's footer begins: everything lies before it. */
  readonly dataEnd: number
  /** The order of the file's bounds of the column, where it is known. */
  readonly compare: CompareValues | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is left of a column chunk. */
export interface ErasedChunk {
  readonly pages: readonly ChunkPage[]
  readonly erased: Omit<ErasedCounts, 'add'>
  /** Its statistics, where the source has some. */
  readonly statistics: ThriftStruct | undefined
  readonly geospatialStatistics: ThriftStruct | undefined
  /** Its page indexes, right but for offsets and sizes of pages. */
  readonly index: ChunkIndex | undefined
  /** Its bloom filter, header and bits. */
  readonly bloomFilter: Piece | undefined
}

/**
 * Leaves erased rows out of a column chunk. Pages without one are kept as they are in the source; what the dictionary
 * holds for erased rows alone is overwritten, or, where the column's type has no value for that, left out, and then all
 * pages that point into the dictionary are written again.
 *
 * @throws LetheError `malformed` where counts disagree, `unsupported`
 */
export async function eraseChunk(erasure: ChunkErasure): Promise<ErasedChunk> {
  const erased = await runEraser(new ChunkEraser(erasure))
  if (erased.kind === 'erased') return erased.chunk
  const again = await runEraser(new ChunkEraser(erasure, erased.keptEntries))
  if (again.kind === 'erased') return again.chunk
  throw new LetheError('internal', 'a dictionary without unused entries has some')
}

async function runEraser(eraser: ChunkEraser): Promise<Outcome> {
  try {
    return await eraser.run()
  } finally {
    eraser.close()
  }
}

type Outcome =
  | { readonly kind: 'erased'; readonly chunk: ErasedChunk }
  /** The dictionary must be written anew, with these entries alone. */
  | { readonly kind: 'rebuild'; readonly keptEntries: readonly number[] }

interface EditedPage {
  /** Whether anything is left of it. */
  readonly isLeft: boolean
  /** Undefined where the page stays as it was. */
  readonly edit: PageEdit | undefined
  /** Rows that began in it and go. */
  readonly rowsErased: number
}

class ChunkEraser {
  readonly #erasure: ChunkErasure
  readonly #walk: PageWalk
  readonly #cursor: RowCursor
  readonly #pages: ChunkPage[] = []
  readonly #watch: StatisticsWatch | undefined
  readonly #geospatial: GeospatialWatch | undefined
  readonly #watches: readonly ValueWatch[]
  #facts: ErasedFacts
  #dictionary: DictionaryScrubber | undefined
  readonly #keptEntries: readonly number[] | undefined
  #index: ChunkIndex | undefined
  readonly #indexPages: IndexPage[] = []
  /** Of the pages before the one at hand: data pages, their entries, rows that stay. */
  #dataPages = 0
  #numValues = 0
  #rowsKept = 0
  /** A page was seen where the footer says that data begins. */
  #isDataFound = false
  #splitsRow = false
  /** The column index has bounds of other pages: nobody knows which of its entries tells an erased value. */
  #isIndexBroken = false
  #hasPlainPages = false

  /** @param keptEntries of the dictionary, where it is to be rebuilt */
  constructor(erasure: ChunkErasure, keptEntries?: readonly number[]) {
    this.#erasure = erasure
    this.#keptEntries = keptEntries
    const { source, chunk, rows, group, signal } = erasure
    this.#walk = new PageWalk(source, chunk, signal === undefined ? {} : { signal })
    this.#cursor = new RowCursor(rows, group.firstRow)
    const statistics = getField(chunk.metaData, ColumnMetaData.statistics)
    this.#watch = statistics === undefined ? undefined : new StatisticsWatch(statistics, chunk.column)
    const geospatial = getField(chunk.metaData, ColumnMetaData.geospatialStatistics)
    this.#geospatial = geospatial === undefined ? undefined : new GeospatialWatch(geospatial, chunk.column)
    this.#watches = [this.#watch, this.#geospatial].filter((watch) => watch !== undefined)
    this.#facts = new ErasedFacts(chunk.column, { watches: this.#watches, entryBytes: undefined })
  }

  async run(): Promise<Outcome> {
    const { source, chunk, group, writer, signal } = this.#erasure
    this.#index = await readChunkIndex(source, chunk, signal === undefined ? {} : { signal })
    for (let place = await this.#walk.next(); place !== undefined; place = await this.#walk.next()) {
      const { head } = place
      this.#isDataFound ||= place.offset === chunk.dataPageOffset
      if (head.kind === 'index') throw unsupported('index pages')
      if (head.kind === 'dictionary') await this.#noteDictionary(place)
      else await this.#dataPage({ ...place, head })
    }
    await writer.finish()
    if (this.#numValues !== chunk.numValues) throw malformed('the pages of a chunk have not as many values as it says')
    if (this.#cursor.rows !== group.numRows) throw malformed('a column chunk has not as many rows as its row group')
    if (this.#dataPages > 0 && !this.#isDataFound) throw malformed('the data of a chunk do not begin where it says')
    const scrubbed = await this.#dictionary?.scrub(this.#facts)
    if (scrubbed?.kind === 'rebuild') return scrubbed
    if (scrubbed !== undefined) {
      this.#pages.unshift(scrubbed.page)
      // What stays in the dictionary stays in a row; the statistics may have been made of what does not.
      for (const index of scrubbed.gone) {
        const bytes = this.#dictionary!.entry(index)
        for (const watch of this.#watches) watch.see(bytes, 0, bytes.length)
      }
    }
    return { kind: 'erased', chunk: await this.#finish(scrubbed?.gone ?? []) }
  }

  /** Gives back memory. */
  close(): void {
    this.#walk.close()
    this.#dictionary?.release()
  }

  async #finish(goneEntries: readonly number[]): Promise<ErasedChunk> {
    const { numValues } = this.#erasure.chunk
    const { total } = this.#facts
    const index = this.#finishIndex()
    const left = this.#pages.reduce((sum, page) => (page.kind === 'dictionary' ? sum : sum + page.numValues), 0)
    const statistics = this.#watch?.edited({
      nulls: numValues - left - total.values,
      values: total.values,
      nans: total.nans,
      bounds: this.#watch.isTold ? this.#bounds(index, left) : undefined,
    })
    return {
      pages: this.#pages,
      erased: total,
      statistics,
      geospatialStatistics: this.#geospatial?.edited(),
      index,
      bloomFilter: await this.#bloomFilter(goneEntries),
    }
  }

  /** The source's filter where every erased value is still there in another row, else a new one. */
  async #bloomFilter(goneEntries: readonly number[]): Promise<Piece | undefined> {
    const { source, chunk, spool, signal, dataEnd } = this.#erasure
    const filter = await bloomFilterExtent(source, chunk, { dataEnd, signal })
    if (filter === undefined) return undefined
    const { total, entries, plainValues } = this.#facts
    const isFromDictionary = entries.size > 0 && plainValues.count === 0 && goneEntries.length === 0
    if (total.values === 0 || isFromDictionary) return { from: 'source', start: filter.start, end: filter.end }
    const pieces = this.#pages.flatMap((page) => page.pieces)
    const bytes = await eraseBloomFilter(source, { chunk, filter, pieces, spool, signal })
    return bytes === undefined ? undefined : { from: 'spool', ...(await spool.append(bytes)) }
  }

  #finishIndex(): ChunkIndex | undefined {
    // An offset index has no words for pages that begin inside a row.
    if (this.#index === undefined || this.#splitsRow) return undefined
    const { chunk, compare } = this.#erasure
    const index = this.#isIndexBroken ? { ...this.#index, columnIndex: undefined } : this.#index
    return eraseChunkIndex(index, {
      pages: this.#indexPages,
      pagesBefore: this.#dataPages,
      column: chunk.column,
      compare,
    })
  }

  /** The bounds of what stays: of the dictionary's entries in use where that is all, else of the pages. */
  #bounds(index: ChunkIndex | undefined, numValues: number): (ValueBounds & { isExact: boolean }) | undefined {
    const { chunk, compare } = this.#erasure
    if (compare === undefined) return undefined
    const used = this.#hasPlainPages ? undefined : this.#dictionary?.usedEntries()
    if (used !== undefined) {
      const bounds = boundsOfValues(used, { column: chunk.column, compare })
      return bounds === undefined ? undefined : { ...bounds, isExact: true }
    }
    const { column } = chunk
    const bounds = index === undefined ? undefined : boundsOfIndex(index, { column, numValues, compare })
    return bounds === undefined ? undefined : { ...bounds, isExact: false }
  }

  async #noteDictionary(place: PagePlace): Promise<void> {
    if (this.#dictionary !== undefined) throw malformed('a column chunk has two dictionaries')
    if (this.#numValues > 0) throw malformed('a dictionary stands behind data pages')
    const dictionary = new DictionaryScrubber({
      ...this.#erasure,
      place,
      walk: this.#walk,
      keptEntries: this.#keptEntries,
    })
    this.#dictionary = dictionary
    const entryBytes = (index: number): Uint8Array => dictionary.entry(index)
    this.#facts = new ErasedFacts(this.#erasure.chunk.column, { watches: this.#watches, entryBytes })
    if (this.#keptEntries !== undefined) await dictionary.load()
  }

  async #dataPage(place: DataPlace): Promise<void> {
    const { column } = this.#erasure.chunk
    const { numValues } = place.head
    this.#numValues += numValues
    const repeats = column.maxRepetitionLevel > 0
    const early = repeats ? await this.#sections(place) : undefined
    const rows =
      early === undefined ? this.#cursor.flat(numValues) : this.#cursor.repeated(early.repetitionLevels!, numValues)
    const isIndices = isDictionaryEncoded(place.head)
    const isRemapped = isIndices && this.#dictionary?.indexMap !== undefined
    const isEdited = rows.drops.size > 0 || isRemapped
    const sections = isEdited ? (early ?? (await this.#sections(place))) : early
    const { edit, isLeft, rowsErased } =
      isEdited && sections !== undefined ? await this.#editPage(place, { rows, sections }) : this.#keepPage(place)
    if (sections !== undefined) releasePage(sections)
    if (isLeft) {
      this.#hasPlainPages ||= !isIndices
      this.#splitsRow ||= !rows.startsRow
      this.#indexPages.push({
        ordinal: this.#dataPages,
        source: { offset: place.offset, end: place.end },
        firstRowBefore: rows.firstRow,
        firstRow: this.#rowsKept,
        edit,
      })
    }
    this.#dataPages += 1
    this.#rowsKept += rows.numRows - rowsErased
  }

  #keepPage(place: DataPlace): EditedPage {
    if (isDictionaryEncoded(place.head)) this.#dictionary?.noteKept(place)
    this.#pages.push(keptPage(place))
    return { isLeft: true, edit: undefined, rowsErased: 0 }
  }

  async #editPage(
    place: DataPlace,
    { rows, sections }: { rows: PageRows; sections: PageSections },
  ): Promise<EditedPage> {
    const { writer, chunk, compare } = this.#erasure
    const dictionary = isDictionaryEncoded(sections) ? requireDictionary(this.#dictionary) : undefined
    await dictionary?.load()
    const bounds = this.#index === undefined ? [] : indexBounds(this.#index, this.#dataPages, chunk.column)
    const watch = new BoundsWatch(bounds, chunk.column, compare)
    const erased = erasePage({
      head: place.head,
      sections,
      rows,
      chunk,
      erased: this.#facts,
      entryBytes: (index) => dictionary!.entry(index),
      compressOptions: this.#levelOf(place, sections),
      indexMap: dictionary?.indexMap,
      watch,
      sink: await writer.sink(),
    })
    this.#isIndexBroken ||= watch.isBroken
    const counts = this.#facts.page
    this.#facts.endPage()
    if (erased.kind === 'empty') return { isLeft: false, edit: undefined, rowsErased: rows.numRows }
    dictionary?.noteEdited(erased)
    const isDescribed = this.#index?.columnIndex !== undefined && erased.numPresent > 0
    const edit: PageEdit = {
      numValues: erased.numValues,
      numPresent: erased.numPresent,
      nullsBefore: place.head.numValues - erased.numPresentBefore,
      erased: counts,
      bounds: isDescribed && (watch.isTold || bounds.length === 0) ? this.#pageBounds(erased, sections) : 'kept',
    }
    // Written when it is compressed, which is later; its place among the pages it has now.
    const at = this.#pages.push(keptPage(place)) - 1
    await writer.write(place, erased.unsealed, (page) => {
      this.#pages[at] = page
    })
    return { isLeft: true, edit, rowsErased: erased.rowsErased }
  }

  #pageBounds(
    { values, numPresent }: Extract<ErasedPage, { kind: 'page' }>,
    { encoding }: PageSections,
  ): ValueBounds | 'unknown' {
    const { chunk, compare } = this.#erasure
    if (compare === undefined) return 'unknown'
    const entry = (index: number): Uint8Array => this.#dictionary!.newEntry(index)
    const section = { encoding, values, count: numPresent }
    const { column } = chunk
    const reading = { column, entry: isDictionaryEncoded({ encoding }) ? entry : undefined }
    return boundsOfSection(section, { ...reading, compare }) ?? 'unknown'
  }

  async #sections(place: DataPlace): Promise<PageSections> {
    return splitPage({ head: place.head, body: await this.#walk.body(place) }, this.#erasure.chunk)
  }

  /** Options of the compression that a data page has. */
  #levelOf({ head }: DataPlace, { memory }: PageSections): CompressOptions {
    const { levels, chunk } = this.#erasure
    if (head.kind === 'data-v2' && !head.isCompressed) return {}
    return levels.of(chunk, () => ({ bytes: memory.made, storedBytes: memory.origin.length }))
  }
}
