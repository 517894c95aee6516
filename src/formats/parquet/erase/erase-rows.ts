import { LetheError } from '../../../domain/error.ts'
import type { Ranges } from '../../../domain/ranges.ts'
import { type Edit, makeEdit } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import { type ParquetFile, type RowGroupInfo, readFooter } from '../footer.ts'
import { RowGroup } from '../metadata.ts'
import type { ChunkThreads } from '../threads/chunk-threads.ts'
import { copyStruct, requireField } from '../thrift-fields.ts'
import { assembleFile, type PlannedGroup } from './assemble-file.ts'
import type { ErasedChunk } from './erase-chunk.ts'
import { eraseChunks } from './erase-chunks.ts'
import { erasedChunkStruct } from './erased-chunk-struct.ts'
import { requireWholeChunks } from './require-whole-chunks.ts'
import { chunksBeforeGaps, requireDisjoint } from './structures.ts'

export interface RowErasure {
  /** Ordinals in the file of the rows to leave out. */
  readonly rows: Ranges
  readonly spool: Spool
  readonly signal?: AbortSignal
  /** Called with the number of source bytes newly dealt with. */
  readonly onProgress?: (bytes: number) => void
  /** Threads to do it with where there is enough to do for several. */
  readonly threads?: ChunkThreads | undefined
}

/**
 * Leaves rows out of a Parquet file: pages without such a row, and all that has nothing to do with them, stay as they
 * are; row groups that lose all their rows go.
 *
 * @throws LetheError of outcome `refused`
 */
export async function eraseRows(source: RangeSource, erasure: RowErasure): Promise<Edit> {
  const { rows, spool, signal } = erasure
  const file = await readFooter(source, signal === undefined ? {} : { signal })
  if (rows.count > 0 && rows.endAt(rows.count - 1) > file.numRows) {
    throw new LetheError('internal', 'rows to erase that the file does not have')
  }
  requireDisjoint(file)
  await requireWholeChunks(source, chunksBeforeGaps(file), signal === undefined ? {} : { signal })
  const groups = await eraseGroups(source, { file, ...erasure })
  const pieces = await assembleFile(source, { file, groups, numRows: file.numRows - rows.size, spool, signal })
  return makeEdit(pieces, { spool, rowsBefore: file.numRows, rowsErased: rows.size })
}

interface FileErasure extends RowErasure {
  readonly file: ParquetFile
}

async function eraseGroups(source: RangeSource, erasure: FileErasure): Promise<PlannedGroup[]> {
  const { file, rows, onProgress } = erasure
  // Also a group that never had a row: its dictionaries could hold what nobody would look for.
  const groups = file.rowGroups.filter((group) => erasedIn(group, rows) < group.numRows)
  const edited = groups.filter((group) => erasedIn(group, rows) > 0)
  const erased = await eraseChunks(source, { ...erasure, groups: edited })
  return groups.map((group) => {
    const chunks = erased.get(group)
    if (chunks !== undefined) return erasedGroup(group, { chunks, numRows: group.numRows - erasedIn(group, rows) })
    onProgress?.(sizeOf(group))
    return keepGroup(group)
  })
}

function erasedIn({ firstRow, numRows }: RowGroupInfo, rows: Ranges): number {
  return rows.sizeWithin(firstRow, firstRow + numRows)
}

function sizeOf({ chunks }: RowGroupInfo): number {
  return chunks.reduce((bytes, { start, end }) => bytes + end - start, 0)
}

function keepGroup(group: RowGroupInfo): PlannedGroup {
  const struct = copyStruct(group.struct)
  const structs = requireField(struct, RowGroup.columns)
  const chunks = group.chunks.map((chunk, index) => ({ chunk, struct: structs[index]!, erased: undefined }))
  return { group, struct, numRows: group.numRows, chunks }
}

function erasedGroup(
  group: RowGroupInfo,
  { chunks: erasedChunks, numRows }: { chunks: readonly ErasedChunk[]; numRows: number },
): PlannedGroup {
  const chunks = group.chunks.map((chunk, index) => {
    const erased = erasedChunks[index]!
    return { chunk, struct: erasedChunkStruct(chunk, erased), erased }
  })
  return { group, struct: copyStruct(group.struct), numRows, chunks }
}
