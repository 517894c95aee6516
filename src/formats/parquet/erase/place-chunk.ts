import type { ColumnChunkInfo } from '../column-chunk.ts'
import { malformed } from '../malformed.ts'
import { ColumnChunk, ColumnMetaData } from '../metadata.ts'
import type { ThriftStruct } from '../thrift.ts'
import { type FieldDefinition, getField, requireField, setField } from '../thrift-fields.ts'
import type { ErasedChunk } from './erase-chunk.ts'

/** Where what lay at an offset of the source lies now. */
export type Relocation = (sourceOffset: number) => number

/** For offsets of a chunk, from its start to its end, when it begins at `newStart`; without `erased`: as it was. */
export function relocation(
  chunk: ColumnChunkInfo,
  { erased, newStart }: { erased: ErasedChunk | undefined; newStart: number },
): Relocation {
  if (erased === undefined) return (offset) => offset - chunk.start + newStart
  const { pages } = erased
  return (offset) => {
    let position = newStart
    for (const page of pages) {
      // Where the page itself is gone: the one that came after it.
      if (page.sourceOffset >= offset) break
      position += page.storedBytes
    }
    return position
  }
}

/** Sets the offsets of a ColumnChunk to where its pages are now, each in the relation that the source gave it. */
export function placeChunk(
  struct: ThriftStruct,
  { chunk, relocate }: { chunk: ColumnChunkInfo; relocate: Relocation },
): void {
  const metaData = requireField(struct, ColumnChunk.metaData)
  // A chunk without pages points nowhere, and may go on doing so.
  if (chunk.start < chunk.end) {
    for (const field of [
      ColumnMetaData.dataPageOffset,
      ColumnMetaData.dictionaryPageOffset,
      ColumnMetaData.indexPageOffset,
    ]) {
      moveOffset(metaData, field, { chunk, relocate })
    }
  }
  const offset = getField(struct, ColumnChunk.fileOffset) ?? 0
  if (offset === 0) return
  // Beyond the pages old writers put a copy of the metadata, with its statistics, and pointed at it. It is not copied.
  const isPage = offset >= chunk.start && offset < chunk.end
  setField(struct, ColumnChunk.fileOffset, isPage ? relocate(offset) : 0)
}

function moveOffset(
  metaData: ThriftStruct,
  field: FieldDefinition<'i64'>,
  { chunk, relocate }: { chunk: ColumnChunkInfo; relocate: Relocation },
): void {
  const offset = getField(metaData, field) ?? 0
  if (offset === 0) return
  if (offset < chunk.start || offset > chunk.end) throw malformed(`${field.name} points outside the column chunk`)
  setField(metaData, field, relocate(offset))
}
