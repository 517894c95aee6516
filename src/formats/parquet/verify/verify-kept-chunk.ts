import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo, Extent } from '../column-chunk.ts'
import { bloomFilterExtent } from '../erase/structures.ts'
import { ColumnChunk, ColumnMetaData, OffsetIndex, PageLocation } from '../metadata.ts'
import type { ThriftStruct } from '../thrift.ts'
import { copyStruct, getField, requireField, setField } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'
import { writeThrift } from '../thrift-writer.ts'
import { require } from './not-verified.ts'
import type { PieceMap } from './piece-map.ts'

export interface KeptChunkVerification {
  readonly source: RangeSource
  readonly view: RangeSource
  readonly pieces: PieceMap
  readonly before: ColumnChunkInfo
  readonly after: ColumnChunkInfo
  readonly signal?: AbortSignal | undefined
}

/** Proves a chunk without an erased row: its bytes are the source's, and what tells where they lie tells it right. */
export async function verifyKeptChunk(verification: KeptChunkVerification): Promise<void> {
  const { source, view, pieces, before, after, signal } = verification
  requireSame(pieces, before, after, 'a column chunk')
  requireSame(pieces, before.columnIndex, after.columnIndex, 'a column index')
  const bounds = { dataEnd: Number.POSITIVE_INFINITY, signal }
  const filters = [
    await bloomFilterExtent(source, before, { ...bounds, dataEnd: source.size }),
    await bloomFilterExtent(view, after, { ...bounds, dataEnd: view.size }),
  ] as const
  requireSame(pieces, ...filters, 'a bloom filter')
  await compareOffsetIndexes(verification)
  const delta = after.start - before.start
  const moved = movedStruct(before, delta)
  require(Buffer.compare(writeThrift(moved), writeThrift(movedStruct(after, 0))) ===
    0, 'a column chunk is described otherwise')
}

function requireSame(pieces: PieceMap, before: Extent | undefined, after: Extent | undefined, what: string): void {
  if (before === undefined || after === undefined) {
    require(before === after, `${what} came or went`)
    return
  }
  require(before.end - before.start === after.end - after.start, `${what} has another length`)
  if (before.end > before.start) require(pieces.sourceStart(after) === before.start, `${what} is not the source's`)
}

async function compareOffsetIndexes({
  source,
  view,
  pieces,
  before,
  after,
  signal,
}: KeptChunkVerification): Promise<void> {
  const [old, moved] = [before.offsetIndex, after.offsetIndex]
  if (old === undefined || moved === undefined) {
    require(old === moved, 'an offset index came or went')
    return
  }
  const delta = after.start - before.start
  if (delta === 0 && pieces.sourceStart(moved) === old.start && moved.end - moved.start === old.end - old.start) return
  const options = signal === undefined ? {} : { signal }
  const { struct } = readThrift(await source.read(old.start, old.end, options))
  for (const location of requireField(struct, OffsetIndex.pageLocations)) {
    setField(location, PageLocation.offset, requireField(location, PageLocation.offset) + delta)
  }
  const bytes = await view.read(moved.start, moved.end, options)
  require(Buffer.compare(writeThrift(struct), bytes) === 0, 'an offset index does not point at the pages')
}

/** The ColumnChunk with its pages `delta` bytes on, and without what `requireSame` has compared already. */
function movedStruct({ struct, start, end }: ColumnChunkInfo, delta: number): ThriftStruct {
  const moved = copyStruct(struct)
  const metaData = requireField(moved, ColumnChunk.metaData)
  for (const field of [
    ColumnMetaData.dataPageOffset,
    ColumnMetaData.dictionaryPageOffset,
    ColumnMetaData.indexPageOffset,
  ]) {
    const offset = getField(metaData, field) ?? 0
    if (offset !== 0 && end > start) setField(metaData, field, offset + delta)
  }
  const elsewhere: readonly number[] = [
    ColumnChunk.fileOffset.id,
    ColumnChunk.offsetIndexOffset.id,
    ColumnChunk.offsetIndexLength.id,
    ColumnChunk.columnIndexOffset.id,
    ColumnChunk.columnIndexLength.id,
  ]
  const bloomFilterOffset = metaData.fields.findIndex(({ id }) => id === ColumnMetaData.bloomFilterOffset.id)
  if (bloomFilterOffset !== -1) metaData.fields.splice(bloomFilterOffset, 1)
  return { fields: moved.fields.filter(({ id }) => !elsewhere.includes(id)) }
}
