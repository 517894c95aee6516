import { LetheError } from '../../../domain/error.ts'
import type { Ranges } from '../../../domain/ranges.ts'
import type { Piece } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import { type CompressOptions, compress, decompress } from '../codecs.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { countPresent } from '../levels.ts'
import { malformed, unsupported } from '../malformed.ts'
import { ColumnMetaData, DictionaryPageHeader, PageHeader } from '../metadata.ts'
import type { Encoding } from '../metadata-enums.ts'
import { type PageSections, splitPage } from '../page-body.ts'
import type { DataPageHead } from '../page-header.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, requireField, setField } from '../thrift-fields.ts'
import { writeThrift } from '../thrift-writer.ts'
import type { ByteSink } from './byte-sink.ts'
import { choosePlaceholders } from './choose-placeholders.ts'
import { ChunkDictionary } from './chunk-dictionary.ts'
import {
  boundsOfIndex,
  type ChunkIndex,
  eraseChunkIndex,
  type IndexPage,
  indexBounds,
  type PageEdit,
  readChunkIndex,
} from './chunk-index.ts'
import { guessLevel } from './compression-level.ts'
import { eraseBloomFilter } from './erase-bloom-filter.ts'
import { type ErasedPage, erasePage, isDictionaryEncoded, setSizes } from './erase-page.ts'
import { type ErasedCounts, ErasedFacts } from './erased-facts.ts'
import { type PagePlace, PageWalk } from './page-walk.ts'
import { gone, type IndexMap } from './remap-indices.ts'
import { type PageRows, RowCursor } from './row-cursor.ts'
import { BoundsWatch, StatisticsWatch } from './statistics-watch.ts'
import { bloomFilterExtent } from './structures.ts'
import { boundsOfValues, type ValueBounds, valuesOfSection } from './value-bounds.ts'
import type { CompareValues } from './value-order.ts'

export interface ChunkErasure {
  readonly source: RangeSource
  readonly chunk: ColumnChunkInfo
  /** The chunk's row group. */
  readonly group: { readonly firstRow: number; readonly numRows: number }
  /** Rows of the file to leave out. */
  readonly rows: Ranges
  readonly spool: Spool
  /** Cleared and used. */
  readonly sink: ByteSink
  /** The column's level, once it was guessed; a writer has one for a column. */
  readonly levels: Map<number, CompressOptions>
  /** Where the source's footer begins: everything lies before it. */
  readonly dataEnd: number
  /** The order of the file's bounds of the column, where it is known. */
  readonly compare: CompareValues | undefined
  readonly signal?: AbortSignal | undefined
}

/** A page of the new chunk. */
export interface ErasedChunkPage {
  /** Where it, as it was, begins in the source. */
  readonly sourceOffset: number
  readonly pieces: readonly Piece[]
  /** As stored, header included. */
  readonly storedBytes: number
  /** Header included. */
  readonly uncompressedBytes: number
  readonly kind: 'dictionary' | 'data-v1' | 'data-v2'
  readonly encoding: Encoding
  /** Entries, those without a value too. */
  readonly numValues: number
}

/** What is left of a column chunk. */
export interface ErasedChunk {
  readonly pages: readonly ErasedChunkPage[]
  readonly erased: ErasedCounts
  /** Its statistics, where the source has some. */
  readonly statistics: ThriftStruct | undefined
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
  const erased = await new ChunkEraser(erasure).run()
  if (erased.kind === 'erased') return erased.chunk
  const again = await new ChunkEraser(erasure, erased.keptEntries).run()
  if (again.kind === 'erased') return again.chunk
  throw new LetheError('internal', 'a dictionary without unused entries has some')
}

type Outcome =
  | { readonly kind: 'erased'; readonly chunk: ErasedChunk }
  /** The dictionary must be written anew, with these entries alone. */
  | { readonly kind: 'rebuild'; readonly keptEntries: readonly number[] }

type DictionaryContent =
  | { readonly replacements: ReadonlyMap<number, Uint8Array> }
  | { readonly keptEntries: readonly number[] }

interface EditedPage {
  /** Undefined where nothing is left of it. */
  readonly page: ErasedChunkPage | undefined
  /** Undefined where the page stays as it was. */
  readonly edit: PageEdit | undefined
}

type DataPlace = PagePlace & { readonly head: DataPageHead }

class ChunkEraser {
  readonly #erasure: ChunkErasure
  readonly #walk: PageWalk
  readonly #cursor: RowCursor
  readonly #pages: ErasedChunkPage[] = []
  readonly #watch: StatisticsWatch | undefined
  #facts: ErasedFacts
  #dictionaryPlace: PagePlace | undefined
  #dictionary: ChunkDictionary | undefined
  /** Kept pages of dictionary indices, whose entries are not noted yet. */
  readonly #unread: DataPlace[] = []
  #numValues = 0
  #index: ChunkIndex | undefined
  readonly #indexPages: IndexPage[] = []
  /** Data pages seen, and rows that stay of those before the page at hand. */
  #dataPages = 0
  #rowsKept = 0
  /** Rows that begin in the page at hand and go. */
  #rowsErased = 0
  /** Every page of indices was looked at. */
  #usesAreKnown = false
  #splitsRow = false
  #hasPlainPages = false
  readonly #keptEntries: readonly number[] | undefined
  #indexMap: IndexMap | undefined

  /** @param keptEntries of the dictionary, where it is to be rebuilt */
  constructor(erasure: ChunkErasure, keptEntries?: readonly number[]) {
    this.#erasure = erasure
    this.#keptEntries = keptEntries
    const { source, chunk, rows, group, signal } = erasure
    this.#walk = new PageWalk(source, chunk, signal === undefined ? {} : { signal })
    this.#cursor = new RowCursor(rows, group.firstRow)
    const statistics = getField(chunk.metaData, ColumnMetaData.statistics)
    this.#watch = statistics === undefined ? undefined : new StatisticsWatch(statistics, chunk.column)
    this.#facts = this.#makeFacts()
  }

  async run(): Promise<Outcome> {
    const { source, signal } = this.#erasure
    this.#index = await readChunkIndex(source, this.#erasure.chunk, signal === undefined ? {} : { signal })
    for (let place = await this.#walk.next(); place !== undefined; place = await this.#walk.next()) {
      const { head } = place
      if (head.kind === 'index') throw unsupported('index pages')
      if (head.kind === 'dictionary') await this.#noteDictionary(place)
      else await this.#dataPage({ ...place, head })
    }
    const { chunk, group } = this.#erasure
    if (this.#numValues !== chunk.numValues) throw malformed('the pages of a chunk have not as many values as it says')
    if (this.#cursor.rows !== group.numRows) throw malformed('a column chunk has not as many rows as its row group')
    const keptEntries = await this.#scrubDictionary()
    if (keptEntries !== undefined) return { kind: 'rebuild', keptEntries }
    return { kind: 'erased', chunk: await this.#finish() }
  }

  async #finish(): Promise<ErasedChunk> {
    const { numValues } = this.#erasure.chunk
    const { total } = this.#facts
    const index = this.#finishIndex()
    const left = this.#pages.reduce((sum, page) => (page.kind === 'dictionary' ? sum : sum + page.numValues), 0)
    const statistics = this.#watch?.edited({
      nulls: numValues - left - total.values,
      values: total.values,
      nans: total.nans,
      bounds: this.#watch.isTold ? this.#bounds(index) : undefined,
    })
    return { pages: this.#pages, erased: total, statistics, index, bloomFilter: await this.#bloomFilter() }
  }

  /** The source's filter where every erased value is still there in another row, else a new one. */
  async #bloomFilter(): Promise<Piece | undefined> {
    const { source, chunk, spool, signal, dataEnd } = this.#erasure
    const filter = await bloomFilterExtent(source, chunk, { dataEnd, signal })
    if (filter === undefined) return undefined
    if (this.#isAllStillThere()) return { from: 'source', start: filter.start, end: filter.end }
    const pieces = this.#pages.flatMap((page) => page.pieces)
    const bytes = await eraseBloomFilter(source, { chunk, filter, pieces, spool, signal })
    return bytes === undefined ? undefined : { from: 'spool', ...(await spool.append(bytes)) }
  }

  #isAllStillThere(): boolean {
    const { total, entries, plainValues } = this.#facts
    if (total.values === 0) return true
    if (this.#dictionary === undefined || this.#keptEntries !== undefined || plainValues.count > 0) return false
    return [...entries].every((index) => this.#dictionary!.isUsed(index))
  }

  #finishIndex(): ChunkIndex | undefined {
    // An offset index has no words for pages that begin inside a row.
    if (this.#index === undefined || this.#splitsRow) return undefined
    const { chunk, compare } = this.#erasure
    return eraseChunkIndex(this.#index, {
      pages: this.#indexPages,
      pagesBefore: this.#dataPages,
      column: chunk.column,
      compare,
    })
  }

  /** The bounds of what stays: of the dictionary's entries in use where that is all, else of the pages. */
  #bounds(index: ChunkIndex | undefined): (ValueBounds & { isExact: boolean }) | undefined {
    const { chunk, compare } = this.#erasure
    if (compare === undefined) return undefined
    const dictionary = this.#dictionary
    if (dictionary !== undefined && !this.#hasPlainPages && this.#usesAreKnown) {
      const entries = this.#keptEntries ?? dictionary.entries('used')
      const used = entries.map((entry) => dictionary.entry(entry))
      const bounds = boundsOfValues(used, { column: chunk.column, compare })
      return bounds === undefined ? undefined : { ...bounds, isExact: true }
    }
    const bounds = index === undefined ? undefined : boundsOfIndex(index, compare)
    return bounds === undefined ? undefined : { ...bounds, isExact: false }
  }

  #makeFacts(): ErasedFacts {
    const entryBytes = (index: number): Uint8Array => this.#dictionary!.entry(index)
    return new ErasedFacts(this.#erasure.chunk.column, {
      watch: this.#watch,
      entryBytes: this.#dictionaryPlace === undefined ? undefined : entryBytes,
    })
  }

  async #noteDictionary(place: PagePlace): Promise<void> {
    if (this.#dictionaryPlace !== undefined) throw malformed('a column chunk has two dictionaries')
    if (this.#numValues > 0) throw malformed('a dictionary stands behind data pages')
    this.#dictionaryPlace = place
    this.#facts = this.#makeFacts()
    if (this.#keptEntries === undefined) return
    this.#indexMap = new Uint32Array((await this.#loadDictionary()).size).fill(gone)
    for (const [index, entry] of this.#keptEntries.entries()) this.#indexMap[entry] = index
  }

  async #dataPage(place: DataPlace): Promise<void> {
    const { column } = this.#erasure.chunk
    const { numValues } = place.head
    this.#numValues += numValues
    const repeats = column.maxRepetitionLevel > 0
    const early = repeats ? await this.#sections(place) : undefined
    const rows =
      early === undefined ? this.#cursor.flat(numValues) : this.#cursor.repeated(early.repetitionLevels!, numValues)
    const isIndices = isDictionaryEncoded(place.head.encoding)
    const { edit, page } =
      rows.drops.size === 0 && !(isIndices && this.#indexMap !== undefined)
        ? this.#keepPage(place)
        : await this.#editPage(place, { rows, sections: early ?? (await this.#sections(place)) })
    if (page !== undefined) {
      this.#pages.push(page)
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
    this.#rowsKept += rows.numRows - this.#rowsErased
    this.#rowsErased = 0
  }

  #keepPage(place: DataPlace): EditedPage {
    if (isDictionaryEncoded(place.head.encoding)) this.#unread.push(place)
    return { page: keptPage(place), edit: undefined }
  }

  async #editPage(
    place: DataPlace,
    { rows, sections }: { rows: PageRows; sections: PageSections },
  ): Promise<EditedPage> {
    const { sink, chunk, spool } = this.#erasure
    const isIndices = isDictionaryEncoded(sections.encoding)
    if (isIndices) await this.#loadDictionary()
    const bounds = this.#index === undefined ? [] : indexBounds(this.#index, this.#dataPages)
    const watch = new BoundsWatch(bounds, chunk.column)
    const erased = erasePage({
      head: place.head,
      sections,
      rows,
      chunk,
      erased: this.#facts,
      entryBytes: (index) => this.#dictionary!.entry(index),
      compressOptions: await this.#levelOf(place, sections),
      indexMap: this.#indexMap,
      watch,
      sink,
    })
    const counts = this.#facts.page
    this.#facts.endPage()
    this.#rowsErased = erased.kind === 'empty' ? rows.numRows : erased.rowsErased
    if (erased.kind === 'empty') return { page: undefined, edit: undefined }
    if (isIndices && this.#indexMap === undefined) this.#dictionary!.markUsed(erased.values, erased.numPresent)
    const isDescribed = this.#index?.columnIndex !== undefined && erased.numPresent > 0
    const edit: PageEdit = {
      numValues: erased.numValues,
      numPresent: erased.numPresent,
      nullsBefore: place.head.numValues - erased.numPresentBefore,
      erased: counts,
      bounds: isDescribed && (watch.isTold || bounds.length === 0) ? this.#pageBounds(erased, sections) : 'kept',
    }
    const page = {
      ...keptPage(place),
      ...(await spoolPage(spool, erased)),
      uncompressedBytes: erased.header.length + erased.uncompressedBytes,
      numValues: erased.numValues,
    }
    return { page, edit }
  }

  #pageBounds(
    { values, numPresent }: Extract<ErasedPage, { kind: 'page' }>,
    { encoding }: PageSections,
  ): ValueBounds | 'unknown' {
    const { chunk, compare } = this.#erasure
    if (compare === undefined) return 'unknown'
    const kept = this.#keptEntries
    const entry = (index: number): Uint8Array => this.#dictionary!.entry(kept === undefined ? index : kept[index]!)
    const section = { encoding, values, count: numPresent }
    const { column } = chunk
    const left = valuesOfSection(section, { column, entry: isDictionaryEncoded(encoding) ? entry : undefined })
    return boundsOfValues(left, { column, compare }) ?? 'unknown'
  }

  async #sections(place: DataPlace): Promise<PageSections> {
    return splitPage({ head: place.head, body: await this.#walk.body(place) }, this.#erasure.chunk)
  }

  /** Options of the compression that a data page has. */
  async #levelOf({ head, ...place }: DataPlace, { values }: PageSections): Promise<CompressOptions> {
    const { codec } = this.#erasure.chunk
    const body = await this.#walk.body({ head, ...place })
    if (head.kind === 'data-v1') {
      return this.#level(() => ({ bytes: decompress(codec, body, head.uncompressedBytes), storedBytes: body.length }))
    }
    if (!head.isCompressed) return {}
    const storedBytes = body.length - head.repetitionLevelBytes - head.definitionLevelBytes
    return this.#level(() => ({ bytes: values, storedBytes }))
  }

  #level(sample: () => { bytes: Uint8Array; storedBytes: number }): CompressOptions {
    const { levels, chunk } = this.#erasure
    const known = levels.get(chunk.column.index)
    if (known !== undefined) return known
    const guessed = guessLevel(chunk.codec, sample)
    levels.set(chunk.column.index, guessed)
    return guessed
  }

  async #loadDictionary(): Promise<ChunkDictionary> {
    if (this.#dictionary !== undefined) return this.#dictionary
    const place = this.#dictionaryPlace
    if (place === undefined) throw malformed('a page points into a dictionary that its chunk has not')
    this.#dictionary = new ChunkDictionary({ ...place, body: await this.#walk.body(place) }, this.#erasure.chunk)
    return this.#dictionary
  }

  /**
   * Entries that only erased rows used must go. Which those are is known when every page of indices was looked at;
   * mostly the pages that were edited anyway show that all are still in use.
   */
  async #scrubDictionary(): Promise<readonly number[] | undefined> {
    const place = this.#dictionaryPlace
    if (place === undefined) return undefined
    if (this.#keptEntries !== undefined) {
      const kept = new Set(this.#keptEntries)
      this.#usesAreKnown = true
      await this.#watchEntries((index) => kept.has(index))
      this.#pages.unshift(await this.#writeDictionary(place, { keptEntries: this.#keptEntries }))
      return undefined
    }
    const suspects = await this.#suspects()
    if (suspects.length === 0 || !(await this.#isAnyUnused(suspects))) {
      this.#pages.unshift(keptPage(place))
      return undefined
    }
    const dictionary = await this.#loadDictionary()
    // All entries without a use go, those that were there before too: they may be a person's from another day.
    const replacements = choosePlaceholders(dictionary, {
      column: this.#erasure.chunk.column,
      entries: dictionary.entries('unused'),
      erased: this.#facts.plainValues,
    })
    if (replacements === undefined) return dictionary.entries('used')
    await this.#watchEntries((index) => dictionary.isUsed(index))
    this.#pages.unshift(await this.#writeDictionary(place, { replacements }))
    return undefined
  }

  /** What stays in the dictionary stays in a row; the statistics may have been made of what does not. */
  async #watchEntries(isUsed: (index: number) => boolean): Promise<void> {
    const dictionary = await this.#loadDictionary()
    for (const index of this.#facts.entries) {
      if (isUsed(index)) continue
      const bytes = dictionary.entry(index)
      this.#watch?.see(bytes, 0, bytes.length)
    }
  }

  /** Entries that an erased row used, or that equal one of its values that stood outside the dictionary. */
  async #suspects(): Promise<number[]> {
    const { entries, plainValues } = this.#facts
    if (plainValues.count === 0) return [...entries]
    const equal = (await this.#loadDictionary()).entriesIn(plainValues)
    return [...new Set([...entries, ...equal])]
  }

  async #isAnyUnused(suspects: readonly number[]): Promise<boolean> {
    const dictionary = await this.#loadDictionary()
    let pending = suspects.filter((index) => !dictionary.isUsed(index))
    for (const place of this.#unread) {
      if (pending.length === 0) return false
      const sections = await this.#sections(place)
      dictionary.markUsed(sections.values, presentCount(sections, this.#erasure.chunk))
      pending = pending.filter((index) => !dictionary.isUsed(index))
    }
    this.#usesAreKnown = true
    return pending.length > 0
  }

  async #writeDictionary(place: PagePlace, content: DictionaryContent): Promise<ErasedChunkPage> {
    const { chunk, sink, spool } = this.#erasure
    const dictionary = await this.#loadDictionary()
    sink.clear()
    if ('replacements' in content) dictionary.writeReplaced(sink, content.replacements)
    else dictionary.writeKept(sink, content.keptEntries)
    const numValues = 'replacements' in content ? dictionary.size : content.keptEntries.length
    const bytes = sink.view()
    const storedBytes = place.head.compressedBytes
    const body = compress(
      chunk.codec,
      bytes,
      this.#level(() => ({ bytes: dictionary.bytes, storedBytes })),
    )
    const struct = copyStruct(place.head.struct)
    const head = requireField(struct, PageHeader.dictionaryPageHeader)
    setField(head, DictionaryPageHeader.numValues, numValues)
    // Placeholders are in no order.
    if (getField(head, DictionaryPageHeader.isSorted) === true) setField(head, DictionaryPageHeader.isSorted, false)
    setSizes(struct, { body, uncompressedBytes: bytes.length })
    const header = writeThrift(struct)
    return {
      ...keptPage(place),
      ...(await spoolPage(spool, { header, body })),
      uncompressedBytes: header.length + bytes.length,
      numValues,
    }
  }
}

function keptPage({ head, offset, headerBytes, end }: PagePlace): ErasedChunkPage {
  if (head.kind === 'index') throw unsupported('index pages')
  return {
    sourceOffset: offset,
    pieces: [{ from: 'source', start: offset, end }],
    storedBytes: end - offset,
    uncompressedBytes: headerBytes + head.uncompressedBytes,
    kind: head.kind,
    encoding: head.encoding,
    numValues: head.numValues,
  }
}

async function spoolPage(
  spool: Spool,
  { header, body }: { header: Uint8Array; body: Uint8Array },
): Promise<Pick<ErasedChunkPage, 'pieces' | 'storedBytes'>> {
  const { start } = await spool.append(header)
  const { end } = await spool.append(body)
  return { pieces: [{ from: 'spool', start, end }], storedBytes: end - start }
}

function presentCount({ definitionLevels, numValues }: PageSections, { column }: ColumnChunkInfo): number {
  return definitionLevels === undefined
    ? numValues
    : countPresent(definitionLevels, numValues, column.maxDefinitionLevel)
}
