import type { CompressOptions } from '../codecs.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { isDictionaryEncoded } from '../find/scan-page.ts'
import { malformed } from '../malformed.ts'
import { DataPageHeader, DataPageHeaderV2, PageHeader } from '../metadata.ts'
import type { LevelSection, PageSections } from '../page-body.ts'
import type { DataPageHead } from '../page-header.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, requireField, setField } from '../thrift-fields.ts'
import type { ByteSink } from './byte-sink.ts'
import type { ErasedFacts } from './erased-facts.ts'
import type { UnsealedPage } from './page-writer.ts'
import { type IndexMap, remapIndices } from './remap-indices.ts'
import type { PageRows } from './row-cursor.ts'
import { presentValues, spliceLevels } from './splice-levels.ts'
import { spliceValues } from './splice-values.ts'
import { type BoundsWatch, StatisticsWatch } from './statistics-watch.ts'
import type { ErasedValues } from './value-splice.ts'

export interface PageErasure {
  readonly head: DataPageHead
  readonly sections: PageSections
  readonly rows: PageRows
  readonly chunk: Pick<ColumnChunkInfo, 'column' | 'codec'>
  readonly erased: ErasedFacts
  /** The bytes of the dictionary's entry, for pages of indices. */
  readonly entryBytes: (index: number) => Uint8Array
  readonly compressOptions: CompressOptions
  /** Where indices point into a new dictionary. */
  readonly indexMap: IndexMap | undefined
  /** Watches what goes beside the page's own statistics. */
  readonly watch: BoundsWatch | undefined
  /** Empty. */
  readonly sink: ByteSink
}

/** What is left of a page; nothing where all its entries are gone. Views are valid until the sink is used again. */
export type ErasedPage =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'page'
      readonly unsealed: UnsealedPage
      /** Entries, those without a value too. */
      readonly numValues: number
      /** Values, decompressed, and how many. */
      readonly values: Uint8Array
      readonly numPresent: number
      readonly numPresentBefore: number
      /** Rows that began in the page and go. */
      readonly rowsErased: number
    }

/** Leaves the entries of erased rows out of a data page. @throws LetheError `malformed`, `unsupported` */
export function erasePage(erasure: PageErasure): ErasedPage {
  const { head, sections, rows, chunk, sink } = erasure
  const { numValues } = head
  const present = presentValues(sections.definitionLevels, {
    numValues,
    maxLevel: chunk.column.maxDefinitionLevel,
    drops: rows.drops,
  })
  checkCounts(erasure, present.count)
  const layout = head.kind === 'data-v1' ? writeLevelsV1(erasure) : writeLevelsV2(erasure)
  const watch = watchOf(erasure)
  spliceValues(sections.encoding, sections.values, {
    column: chunk.column,
    count: present.count,
    drops: present.drops,
    sink,
    erased: alsoSeen(
      erasure,
      [watch, erasure.watch].filter((also) => also !== undefined),
    ),
  })
  if (rows.drops.size === numValues) return { kind: 'empty' }
  if (erasure.indexMap !== undefined && isDictionaryEncoded(sections)) {
    const values = sink.view(layout.valuesStart).slice()
    sink.truncate(layout.valuesStart)
    remapIndices(values, { count: present.count - present.drops.size, map: erasure.indexMap, sink })
  }
  const left = {
    ...layout,
    numValues: numValues - rows.drops.size,
    numPresent: present.count - present.drops.size,
    numPresentBefore: present.count,
    rowsErased: chunk.column.maxRepetitionLevel === 0 ? rows.drops.size : layout.rowsErased,
    statistics: watch?.edited({
      nulls: rows.drops.size - present.drops.size,
      values: present.drops.size,
      nans: erasure.erased.page.nans,
    }),
  }
  return head.kind === 'data-v1' ? pageV1(erasure, left) : pageV2(erasure, head, left)
}

/** A page whose counts contradict each other may assign values to other rows than its readers do. */
function checkCounts({ head, chunk: { column } }: PageErasure, numPresent: number): void {
  if (head.kind === 'data-v1') return
  const { numValues, numNulls, numRows } = head
  if (column.maxRepetitionLevel === 0 && (numRows !== numValues || numNulls !== numValues - numPresent)) {
    throw malformed('a page has other counts of rows and nulls than its levels')
  }
}

interface Layout {
  /** Where in the sink the values begin. */
  readonly valuesStart: number
  readonly repetitionLevelBytes: number
  readonly definitionLevelBytes: number
  /** Rows that began in the page and go. */
  readonly rowsErased: number
}

interface PageLeft extends Layout {
  readonly numValues: number
  readonly numPresent: number
  readonly numPresentBefore: number
  readonly statistics: ThriftStruct | undefined
}

function writeLevelsV1(erasure: PageErasure): Layout {
  const { sections, sink } = erasure
  let rowsErased = 0
  for (const [kind, section] of [
    ['repetitionLevel', sections.repetitionLevels],
    ['definitionLevel', sections.definitionLevels],
  ] as const) {
    if (section === undefined) continue
    const start = sink.size
    if (section.encoding === 'RLE') sink.littleEndian(0, 4)
    rowsErased += writeLevels(erasure, kind, section)
    if (section.encoding === 'RLE') sink.setUint32(start, sink.size - start - 4)
  }
  return { valuesStart: sink.size, repetitionLevelBytes: 0, definitionLevelBytes: 0, rowsErased }
}

function writeLevelsV2(erasure: PageErasure): Layout {
  const { sections, sink } = erasure
  const rowsErased = writeLevels(erasure, 'repetitionLevel', sections.repetitionLevels)
  const repetitionLevelBytes = sink.size
  writeLevels(erasure, 'definitionLevel', sections.definitionLevels)
  const definitionLevelBytes = sink.size - repetitionLevelBytes
  return { valuesStart: sink.size, repetitionLevelBytes, definitionLevelBytes, rowsErased }
}

/** How many rows begin with the levels that go; 0 for definition levels. */
function writeLevels(
  { head, rows, sink, erased }: PageErasure,
  kind: 'repetitionLevel' | 'definitionLevel',
  section: LevelSection | undefined,
): number {
  if (section === undefined) return 0
  let rowsErased = 0
  const onDropped = (level: number, times: number): void => {
    if (kind === 'repetitionLevel' && level === 0) rowsErased += times
    erased[kind](level, times)
  }
  spliceLevels(section, { numValues: head.numValues, drops: rows.drops, sink, onDropped })
  return rowsErased
}

function pageV1({ head, chunk: { codec }, sink, compressOptions }: PageErasure, left: PageLeft): ErasedPage {
  const header = copyStruct(head.struct)
  const data = requireField(header, PageHeader.dataPageHeader)
  setField(data, DataPageHeader.numValues, left.numValues)
  if (left.statistics !== undefined) setField(data, DataPageHeader.statistics, left.statistics)
  const unsealed = { header, levels: sink.view(sink.size), content: sink.view(), codec, options: compressOptions }
  return finishPage({ ...unsealed, numValues: left.numValues }, { left, values: sink.view(left.valuesStart) })
}

function pageV2(
  { head, rows, chunk: { column, codec }, sink, compressOptions }: PageErasure,
  { isCompressed }: Extract<DataPageHead, { kind: 'data-v2' }>,
  left: PageLeft,
): ErasedPage {
  const values = sink.view(left.valuesStart)
  // No value is no valid stream of some codecs, and readers differ in what they take for it.
  const compresses = isCompressed && values.length > 0
  const header = copyStruct(head.struct)
  const data = requireField(header, PageHeader.dataPageHeaderV2)
  setField(data, DataPageHeaderV2.numValues, left.numValues)
  setField(data, DataPageHeaderV2.numNulls, left.numValues - left.numPresent)
  setField(
    data,
    DataPageHeaderV2.numRows,
    column.maxRepetitionLevel === 0 ? left.numValues : rows.numRows - left.rowsErased,
  )
  setField(data, DataPageHeaderV2.repetitionLevelsByteLength, left.repetitionLevelBytes)
  setField(data, DataPageHeaderV2.definitionLevelsByteLength, left.definitionLevelBytes)
  if (compresses !== isCompressed) setField(data, DataPageHeaderV2.isCompressed, compresses)
  if (left.statistics !== undefined) setField(data, DataPageHeaderV2.statistics, left.statistics)
  const unsealed = {
    header,
    levels: sink.view().subarray(0, left.valuesStart),
    content: values,
    codec: compresses ? codec : ('UNCOMPRESSED' as const),
    options: compressOptions,
  }
  return finishPage({ ...unsealed, numValues: left.numValues }, { left, values })
}

function finishPage(unsealed: UnsealedPage, { left, values }: { left: PageLeft; values: Uint8Array }): ErasedPage {
  const { numValues, numPresent, numPresentBefore, rowsErased } = left
  return { kind: 'page', unsealed, values, numValues, numPresent, numPresentBefore, rowsErased }
}

function watchOf({ head, chunk: { column } }: PageErasure): StatisticsWatch | undefined {
  const statistics =
    head.kind === 'data-v1'
      ? getField(requireField(head.struct, PageHeader.dataPageHeader), DataPageHeader.statistics)
      : getField(requireField(head.struct, PageHeader.dataPageHeaderV2), DataPageHeaderV2.statistics)
  return statistics === undefined ? undefined : new StatisticsWatch(statistics, column)
}

/** Bounds of the page alone are watched beside the chunk's. */
function alsoSeen({ erased, entryBytes }: PageErasure, watches: readonly BoundsWatch[]): ErasedValues {
  if (watches.length === 0) return erased
  return {
    value(bytes, start, end) {
      for (const watch of watches) watch.see(bytes, start, end)
      erased.value(bytes, start, end)
    },
    entry(index, times) {
      erased.entry(index, times)
      const bytes = entryBytes(index)
      for (const watch of watches) watch.see(bytes, 0, bytes.length)
    },
  }
}
