import { LetheError } from '../../../domain/error.ts'
import type { Ranges } from '../../../domain/ranges.ts'
import { type Edit, makeEdit } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import { type ParquetFile, type RowGroupInfo, readFooter } from '../footer.ts'
import { RowGroup } from '../metadata.ts'
import { copyStruct, requireField } from '../thrift-fields.ts'
import { assembleFile, type PlannedGroup } from './assemble-file.ts'
import { CompressionLevels } from './compression-level.ts'
import { eraseChunk } from './erase-chunk.ts'
import { erasedChunkStruct } from './erased-chunk-struct.ts'
import { PageWriter } from './page-writer.ts'
import { requireWholeChunks } from './require-whole-chunks.ts'
import { chunksBeforeGaps, requireDisjoint } from './structures.ts'
import { valueOrder } from './value-order.ts'

export interface RowErasure {
  /** Ordinals in the file of the rows to leave out. */
  readonly rows: Ranges
  readonly spool: Spool
  readonly signal?: AbortSignal
  /** Called with the number of source bytes newly dealt with. */
  readonly onProgress?: (bytes: number) => void
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
  const writer = new PageWriter(erasure.spool)
  const levels = new CompressionLevels()
  const groups: PlannedGroup[] = []
  for (const group of file.rowGroups) {
    const erasedRows = rows.sizeWithin(group.firstRow, group.firstRow + group.numRows)
    // Also a group that never had a row: its dictionaries could hold what nobody would look for.
    if (erasedRows === group.numRows) continue
    groups.push(
      erasedRows === 0 ? keepGroup(group) : await eraseGroup(source, { ...erasure, group, erasedRows, writer, levels }),
    )
    onProgress?.(group.chunks.reduce((bytes, { start, end }) => bytes + end - start, 0))
  }
  return groups
}

function keepGroup(group: RowGroupInfo): PlannedGroup {
  const struct = copyStruct(group.struct)
  const structs = requireField(struct, RowGroup.columns)
  const chunks = group.chunks.map((chunk, index) => ({ chunk, struct: structs[index]!, erased: undefined }))
  return { group, struct, numRows: group.numRows, chunks }
}

interface GroupErasure extends FileErasure {
  readonly group: RowGroupInfo
  readonly erasedRows: number
  readonly writer: PageWriter
  readonly levels: CompressionLevels
}

async function eraseGroup(source: RangeSource, { group, erasedRows, ...erasure }: GroupErasure): Promise<PlannedGroup> {
  const chunks = []
  for (const chunk of group.chunks) {
    const compare = valueOrder(erasure.file.struct, chunk.column)
    const dataEnd = erasure.file.footerStart
    const erased = await eraseChunk({ ...erasure, source, chunk, group, compare, dataEnd })
    chunks.push({ chunk, struct: erasedChunkStruct(chunk, erased), erased })
  }
  return { group, struct: copyStruct(group.struct), numRows: group.numRows - erasedRows, chunks }
}
