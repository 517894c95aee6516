import { Ranges } from '../../../domain/ranges.ts'
import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { ChunkDictionary } from '../erase/chunk-dictionary.ts'
import { type PagePlace, PageWalk } from '../erase/page-walk.ts'
import { ByteSet } from '../find/byte-set.ts'
import { isDictionaryEncoded } from '../find/scan-page.ts'
import { countPresent, forEachLevelRun } from '../levels.ts'
import { type PageSections, releasePage, splitPageAside } from '../page-body.ts'
import type { DataPageHead } from '../page-header.ts'
import type { LeafColumn } from '../schema.ts'
import type { ByteBudget } from './byte-budget.ts'
import { forEachIndex, hasKeptIndices, hasKeptValues } from './compare-values.ts'
import { EntryRows, keptValues, levelDigest } from './erased-entries.ts'
import { require } from './not-verified.ts'
import type { PieceMap } from './piece-map.ts'
import { type NewPage, verifyPageIndex } from './verify-page-index.ts'

export interface ChunkVerification {
  readonly source: RangeSource
  readonly view: RangeSource
  readonly pieces: PieceMap
  readonly before: ColumnChunkInfo
  readonly after: ColumnChunkInfo
  /** Ordinal in the source of the row group's first row. */
  readonly firstRow: number
  /** Rows of the source that go. */
  readonly rows: Ranges
  /** Of decompressed pages; shared with other chunks. */
  readonly budget: ByteBudget
  readonly signal?: AbortSignal | undefined
}

/**
 * Proves a column chunk that rows were left out of: page by page, it is the source's chunk without their entries. Pages
 * without such an entry are the very bytes of the source; the others are decoded, filtered and compared.
 *
 * @returns the rows that are left in pages that were written anew, counted from the row group's first; of a column with
 *   repetition the row that such a page begins inside of is left out
 * @throws LetheError `not-verified`, and what reading a page throws
 */
export async function verifyChunk(verification: ChunkVerification): Promise<Ranges> {
  const verifier = new ChunkVerifier(verification)
  try {
    return await verifier.run()
  } finally {
    verifier.close()
  }
}

type DataPlace = PagePlace & { readonly head: DataPageHead }

class ChunkVerifier {
  readonly #request: ChunkVerification
  readonly #before: PageWalk
  readonly #after: PageWalk
  readonly #rows: EntryRows
  /** Undefined where the chunk has no dictionary, or has it as it was. */
  #entryMap: Int32Array | undefined
  #numValues = 0
  #expectedValues = 0
  readonly #newPages: NewPage[] = []
  readonly #rewrittenRows = new Ranges()

  constructor(request: ChunkVerification) {
    this.#request = request
    const { source, view, before, after, firstRow, rows, signal } = request
    const options = signal === undefined ? {} : { signal }
    this.#before = new PageWalk(source, before, options)
    this.#after = new PageWalk(view, after, options)
    this.#rows = new EntryRows(rows, firstRow)
  }

  async run(): Promise<Ranges> {
    for (let place = await this.#before.next(); place !== undefined; place = await this.#before.next()) {
      const { head } = place
      require(head.kind !== 'index', 'the source has index pages')
      // The page as it was and as it is now.
      await this.#request.budget.use(2 * head.uncompressedBytes, () =>
        head.kind === 'dictionary' ? this.#dictionary(place) : this.#dataPage({ ...place, head }),
      )
    }
    require((await this.#after.next()) === undefined, 'a column chunk has pages too many')
    const { before, after } = this.#request
    require(this.#numValues === before.numValues, 'the source has other counts than it says')
    require(this.#expectedValues === after.numValues, 'a column chunk has another count of values than its pages')
    await verifyPageIndex(this.#request.view, after, this.#newPages)
    return this.#rewrittenRows
  }

  /** Gives back memory. */
  close(): void {
    this.#before.close()
    this.#after.close()
  }

  async #nextAfter(): Promise<PagePlace> {
    const place = await this.#after.next()
    require(place !== undefined, 'a column chunk lacks a page')
    return place
  }

  #isSame(before: PagePlace, after: PagePlace): boolean {
    const isAsLong = before.end - before.offset === after.end - after.offset
    return isAsLong && this.#request.pieces.sourceStart({ start: after.offset, end: after.end }) === before.offset
  }

  async #dictionary(place: PagePlace): Promise<void> {
    const edited = await this.#nextAfter()
    if (this.#isSame(place, edited)) return
    const { before, after } = this.#request
    const old = new ChunkDictionary({ ...place, body: await this.#before.body(place) }, before)
    const fresh = new ChunkDictionary({ ...edited, body: await this.#after.body(edited) }, after)
    this.#entryMap = mapEntries(old, fresh)
    old.release()
    fresh.release()
  }

  async #dataPage(place: DataPlace): Promise<void> {
    const { numValues, encoding } = place.head
    const { column } = this.#request.before
    this.#numValues += numValues
    const early = column.maxRepetitionLevel === 0 ? undefined : await this.#sectionsBefore(place)
    const firstRow = this.#rows.keptRows
    const kept = this.#rows.kept(early?.repetitionLevels, numValues)
    this.#expectedValues += kept.size
    if (kept.size === 0 && numValues > 0) return
    const edited = await this.#nextAfter()
    this.#newPages.push({ offset: edited.offset, end: edited.end, firstRow })
    const mayPointElsewhere = this.#entryMap !== undefined && isDictionaryEncoded({ encoding })
    if (this.#isSame(place, edited)) {
      require(kept.size === numValues, 'a page with an erased row was kept')
      if (mayPointElsewhere) await this.#keptIndices(edited)
      return
    }
    require(kept.size < numValues || mayPointElsewhere, 'a page without an erased row was changed')
    this.#rewrittenRows.add(firstRow, this.#rows.keptRows)
    const [before, after] = await bothOf(early ?? this.#sectionsBefore(place), this.#sectionsAfter(edited))
    this.#compare(before, { after, edited, kept })
    releasePage(before)
    releasePage(after)
  }

  async #sectionsBefore(place: DataPlace): Promise<PageSections> {
    return await splitPageAside({ head: place.head, body: await this.#before.body(place) }, this.#request.before)
  }

  async #sectionsAfter({ head, ...place }: PagePlace): Promise<PageSections> {
    require(head.kind === 'data-v1' || head.kind === 'data-v2', 'a data page became another')
    return await splitPageAside({ head, body: await this.#after.body({ head, ...place }) }, this.#request.after)
  }

  /** A page that was kept points at the entries that it pointed at. */
  async #keptIndices(place: PagePlace): Promise<void> {
    const sections = await this.#sectionsAfter(place)
    const entryMap = this.#entryMap!
    const count = presentCount(sections, this.#request.after)
    forEachIndex(sections.values, count, (index) =>
      require(entryMap[index] === index, 'a dictionary entry in use was changed'),
    )
    releasePage(sections)
  }

  #compare(
    before: PageSections,
    { after, edited, kept }: { after: PageSections; edited: PagePlace; kept: Ranges },
  ): void {
    const { column } = this.#request.before
    require(after.encoding === before.encoding, 'a page has another encoding')
    require(after.numValues === kept.size, 'a page has another count of values')
    const all = { numValues: after.numValues, entries: wholeOf(after.numValues) }
    const some = { numValues: before.numValues, entries: kept }
    for (const kind of ['repetitionLevels', 'definitionLevels'] as const) {
      require(levelDigest(before[kind], some) === levelDigest(after[kind], all), 'levels of a page differ')
    }
    const maxLevel = column.maxDefinitionLevel
    const values = keptValues(before.definitionLevels, { numValues: before.numValues, maxLevel, kept })
    checkCounts(edited, { column, numPresent: values.kept.size, after })
    const sections = { before: before.values, after: after.values, count: values.count, kept: values.kept }
    const isKept = isDictionaryEncoded(before)
      ? hasKeptIndices({ ...sections, entryMap: this.#entryMap })
      : hasKeptValues({ ...sections, encoding: before.encoding, column })
    require(isKept, 'values of a page differ')
  }
}

/** Waits for both, also where one fails. */
async function bothOf<A, B>(a: A | Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b])
  if (first.status === 'rejected') throw first.reason
  if (second.status === 'rejected') throw second.reason
  return [first.value, second.value]
}

function presentCount({ definitionLevels, numValues }: PageSections, { column }: ColumnChunkInfo): number {
  return definitionLevels === undefined
    ? numValues
    : countPresent(definitionLevels, numValues, column.maxDefinitionLevel)
}

function wholeOf(count: number): Ranges {
  return Ranges.of([{ start: 0, end: count }])
}

/** Where each entry of a dictionary is in the one that took its place: -1 where it was overwritten or left out. */
function mapEntries(old: ChunkDictionary, fresh: ChunkDictionary): Int32Array {
  const map = new Int32Array(old.size).fill(-1)
  if (fresh.size === old.size) {
    for (let index = 0; index < map.length; index += 1) if (old.isEqual(index, fresh, index)) map[index] = index
    requireDistinct(fresh, map)
    return map
  }
  let next = 0
  for (let index = 0; index < map.length; index += 1) {
    if (next < fresh.size && old.isEqual(index, fresh, next)) map[index] = next++
  }
  require(next === fresh.size, 'a dictionary has entries that the source has not')
  return map
}

/** What was put in the place of an entry equals no other: readers that merge equal entries would mix up all later ones. */
function requireDistinct(dictionary: ChunkDictionary, map: Int32Array): void {
  const fresh = new ByteSet()
  let changed = 0
  for (let index = 0; index < map.length; index += 1) {
    if (map[index] !== -1) continue
    fresh.add(dictionary.comparableEntry(index))
    changed += 1
  }
  require(fresh.count === changed &&
    dictionary.entriesIn(fresh).length === changed, 'a dictionary has two equal entries')
}

/** The counts that the header of an edited page gives beside that of its values. */
function checkCounts(
  { head }: PagePlace,
  { column, numPresent, after }: { column: LeafColumn; numPresent: number; after: PageSections },
): void {
  if (head.kind !== 'data-v2') return
  require(head.numNulls === head.numValues - numPresent, 'a page has another count of nulls')
  const { repetitionLevels } = after
  let numRows = column.maxRepetitionLevel === 0 ? head.numValues : 0
  if (repetitionLevels !== undefined) {
    forEachLevelRun(repetitionLevels, head.numValues, (level, _first, count) => {
      if (level === 0) numRows += count
    })
  }
  require(head.numRows === numRows, 'a page has another count of rows')
}
