import type { Piece } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import type { ParquetFile, RowGroupInfo } from '../footer.ts'
import { malformed } from '../malformed.ts'
import { ColumnChunk, ColumnMetaData, FileMetaData, OffsetIndex, PageLocation, RowGroup } from '../metadata.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, hasField, requireCount, requireField, setField } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'
import { writeThrift } from '../thrift-writer.ts'
import type { ErasedChunk } from './erase-chunk.ts'
import { Layout } from './layout.ts'
import { placeChunk, type Relocation, relocation } from './place-chunk.ts'
import { readExtents } from './read-extents.ts'
import { bloomFilterExtent } from './structures.ts'

/** A row group of the new file: as it was, or with chunks that rows were left out of. */
export interface PlannedGroup {
  readonly group: RowGroupInfo
  /** A copy of the RowGroup, to be changed; its columns are replaced by those of `chunks`. */
  readonly struct: ThriftStruct
  readonly numRows: number
  readonly chunks: readonly PlannedChunk[]
}

export interface PlannedChunk {
  readonly chunk: ColumnChunkInfo
  /** A copy of the ColumnChunk, to be changed: right but for its offsets. */
  readonly struct: ThriftStruct
  /** Undefined where the chunk stays as it is. */
  readonly erased: ErasedChunk | undefined
}

interface Assembly {
  readonly file: ParquetFile
  readonly groups: readonly PlannedGroup[]
  readonly numRows: number
  readonly spool: Spool
  readonly signal?: AbortSignal | undefined
}

const magicBytes = 4

/**
 * The pieces of the new file: chunks and bloom filters in the order of the source, then column indexes, then offset
 * indexes (whose content depends on where the chunks lie), then the footer. Bytes between structures are not copied.
 */
export async function assembleFile(source: RangeSource, assembly: Assembly): Promise<readonly Piece[]> {
  const layout = new Layout()
  layout.add({ from: 'source', start: 0, end: magicBytes })
  const relocations = await placeChunks(source, layout, assembly)
  await placeColumnIndexes(layout, assembly)
  await placeOffsetIndexes(source, layout, { ...assembly, relocations })
  for (const [index, group] of assembly.groups.entries()) finishGroup(group, { index, relocations })
  await placeFooter(layout, assembly)
  return layout.pieces
}

type Relocations = ReadonlyMap<PlannedChunk, Relocation>

interface Part {
  readonly sourceStart: number
  readonly pieces: readonly Piece[]
  place(newStart: number): void
}

async function placeChunks(source: RangeSource, layout: Layout, assembly: Assembly): Promise<Relocations> {
  const relocations = new Map<PlannedChunk, Relocation>()
  const parts: Part[] = []
  for (const planned of plannedChunks(assembly)) {
    const { chunk, struct, erased } = planned
    parts.push({
      sourceStart: chunk.start,
      pieces: erased?.pages.flatMap((page) => page.pieces) ?? [{ from: 'source', start: chunk.start, end: chunk.end }],
      place(newStart) {
        const relocate = relocation(chunk, { erased, newStart })
        relocations.set(planned, relocate)
        placeChunk(struct, { chunk, relocate })
      },
    })
    const bloomFilter = await bloomFilterPart(source, planned, assembly)
    if (bloomFilter !== undefined) parts.push(bloomFilter)
  }
  // A stable sort: a chunk without bytes stays before what lies at the same place.
  parts.sort((a, b) => a.sourceStart - b.sourceStart)
  for (const { pieces, place } of parts) {
    place(layout.size)
    for (const piece of pieces) layout.add(piece)
  }
  return relocations
}

async function bloomFilterPart(
  source: RangeSource,
  { chunk, struct, erased }: PlannedChunk,
  { file, signal }: Assembly,
): Promise<Part | undefined> {
  if (erased !== undefined && erased.bloomFilter === undefined) return undefined
  const extent = await bloomFilterExtent(source, chunk, { dataEnd: file.footerStart, signal })
  if (extent === undefined) return undefined
  return {
    sourceStart: extent.start,
    pieces: [erased?.bloomFilter ?? { from: 'source', ...extent }],
    place: (newStart) =>
      setField(requireField(struct, ColumnChunk.metaData), ColumnMetaData.bloomFilterOffset, newStart),
  }
}

async function placeColumnIndexes(layout: Layout, assembly: Assembly): Promise<void> {
  for (const { planned, struct, extent } of indexesOf(assembly, 'columnIndex')) {
    const erased = planned.erased?.index?.columnIndex
    const piece: Piece =
      erased === undefined
        ? { from: 'source', start: extent.start, end: extent.end }
        : { from: 'spool', ...(await assembly.spool.append(writeThrift(erased))) }
    setField(struct, ColumnChunk.columnIndexOffset, layout.size)
    setField(struct, ColumnChunk.columnIndexLength, piece.end - piece.start)
    layout.add(piece)
  }
}

async function placeOffsetIndexes(
  source: RangeSource,
  layout: Layout,
  { relocations, ...assembly }: Assembly & { relocations: Relocations },
): Promise<void> {
  const { spool, signal } = assembly
  const indexes = indexesOf(assembly, 'offsetIndex').map(({ extent, ...index }) => ({ ...index, ...extent }))
  for await (const { item, bytes } of readExtents(source, indexes, signal === undefined ? {} : { signal })) {
    const { planned, struct } = item
    const relocate = relocations.get(planned)!
    const moved =
      planned.erased?.index === undefined
        ? movedOffsetIndex(bytes, { chunk: planned.chunk, relocate })
        : erasedOffsetIndex(planned.erased, relocate(planned.chunk.start))
    const piece: Piece =
      moved === undefined
        ? { from: 'source', start: item.start, end: item.end }
        : { from: 'spool', ...(await spool.append(moved)) }
    setField(struct, ColumnChunk.offsetIndexOffset, layout.size)
    setField(struct, ColumnChunk.offsetIndexLength, piece.end - piece.start)
    layout.add(piece)
  }
}

/** The offset index of a chunk that rows were left out of, which begins at `start`. */
function erasedOffsetIndex({ pages, index }: ErasedChunk, start: number): Uint8Array {
  const { offsetIndex } = index!
  const locations = requireField(offsetIndex, OffsetIndex.pageLocations)
  let position = start
  let next = 0
  for (const { kind, storedBytes } of pages) {
    if (kind !== 'dictionary') {
      setField(locations[next]!, PageLocation.offset, position)
      setField(locations[next]!, PageLocation.compressedPageSize, storedBytes)
      next += 1
    }
    position += storedBytes
  }
  return writeThrift(offsetIndex)
}

/** The offset index of a chunk that stays as it is but may lie elsewhere; undefined where it does not. */
function movedOffsetIndex(
  bytes: Uint8Array,
  { chunk, relocate }: { chunk: ColumnChunkInfo; relocate: Relocation },
): Uint8Array | undefined {
  if (relocate(chunk.start) === chunk.start) return undefined
  const { struct } = readThrift(bytes)
  for (const location of requireField(struct, OffsetIndex.pageLocations)) {
    const offset = requireCount(location, PageLocation.offset)
    if (offset < chunk.start || offset > chunk.end) throw malformed('an offset index points outside its column chunk')
    setField(location, PageLocation.offset, relocate(offset))
  }
  return writeThrift(struct)
}

/** The chunks that have such an index, in the order of the source's. */
function indexesOf(assembly: Assembly, kind: 'columnIndex' | 'offsetIndex') {
  const indexes = plannedChunks(assembly).flatMap((planned) => {
    const { chunk, struct, erased } = planned
    const extent = erased === undefined || erased.index?.[kind] !== undefined ? chunk[kind] : undefined
    return extent === undefined ? [] : [{ planned, struct, extent }]
  })
  return indexes.sort((a, b) => a.extent.start - b.extent.start)
}

function plannedChunks({ groups }: Pick<Assembly, 'groups'>): PlannedChunk[] {
  return groups.flatMap(({ chunks }) => chunks)
}

/** Sets what a RowGroup says of itself, all of it in the relation that the source had. */
function finishGroup(
  { group, struct, numRows, chunks }: PlannedGroup,
  { index, relocations }: { index: number; relocations: Relocations },
): void {
  setField(
    struct,
    RowGroup.columns,
    chunks.map((chunk) => chunk.struct),
  )
  setField(struct, RowGroup.numRows, numRows)
  if (hasField(struct, RowGroup.ordinal)) setField(struct, RowGroup.ordinal, index)
  addDelta(struct, RowGroup.totalByteSize, sizeDelta(chunks, ColumnMetaData.totalUncompressedSize))
  addDelta(struct, RowGroup.totalCompressedSize, sizeDelta(chunks, ColumnMetaData.totalCompressedSize))
  const offset = getField(group.struct, RowGroup.fileOffset) ?? 0
  if (offset === 0 || chunks.length === 0) return
  const holder = chunks.find(({ chunk }) => offset >= chunk.start && offset < chunk.end)
  const planned = holder ?? chunks[0]!
  const relocate = relocations.get(planned)!
  setField(struct, RowGroup.fileOffset, relocate(holder === undefined ? planned.chunk.start : offset))
}

type SizeField = typeof ColumnMetaData.totalCompressedSize

function sizeDelta(chunks: readonly PlannedChunk[], field: SizeField): number {
  return chunks.reduce((delta, { chunk, struct, erased }) => {
    if (erased === undefined) return delta
    return delta + requireField(requireField(struct, ColumnChunk.metaData), field) - requireCount(chunk.metaData, field)
  }, 0)
}

function addDelta(struct: ThriftStruct, field: SizeField, delta: number): void {
  const size = getField(struct, field)
  if (size !== undefined) setField(struct, field, Math.max(0, size + delta))
}

async function placeFooter(layout: Layout, { file, groups, numRows, spool }: Assembly): Promise<void> {
  const footer = copyStruct({ fields: file.struct.fields.filter(({ id }) => id !== FileMetaData.rowGroups.id) })
  setField(footer, FileMetaData.numRows, numRows)
  setField(
    footer,
    FileMetaData.rowGroups,
    groups.map((group) => group.struct),
  )
  const bytes = writeThrift(footer)
  const tail = new Uint8Array(8)
  new DataView(tail.buffer).setUint32(0, bytes.length, true)
  tail.set(new TextEncoder().encode('PAR1'), magicBytes)
  const { start } = await spool.append(bytes)
  const { end } = await spool.append(tail)
  layout.add({ from: 'spool', start, end })
}
