import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { type ColumnChunkInfo, readChunks } from './column-chunk.ts'
import { malformed } from './malformed.ts'
import { FileMetaData, RowGroup } from './metadata.ts'
import { readSchema, type Schema } from './schema.ts'
import type { ThriftStruct } from './thrift.ts'
import { getField, hasField, requireCount, requireField } from './thrift-fields.ts'
import { readThrift } from './thrift-reader.ts'

/** What a Parquet file says of itself, checked: sizes lie in the file, counts agree, nothing is encrypted. */
export interface ParquetFile {
  /** The FileMetaData structure, for changing it and writing it again. */
  readonly struct: ThriftStruct
  readonly schema: Schema
  readonly numRows: number
  readonly createdBy: string | undefined
  readonly rowGroups: readonly RowGroupInfo[]
  /** Where the footer's Thrift begins; pages and indexes lie before it. */
  readonly footerStart: number
  /** Bytes of the Thrift structure itself; mostly all that lies between `footerStart` and the length field. */
  readonly footerBytes: number
}

export interface RowGroupInfo {
  readonly struct: ThriftStruct
  readonly index: number
  readonly numRows: number
  /** Ordinal in the file of its first row. */
  readonly firstRow: number
  /** One for each leaf of the schema, in its order. */
  readonly chunks: readonly ColumnChunkInfo[]
}

/** `PAR1`, footer length and `PAR1` again: the least that a file can be. */
const tailBytes = 8
const magicBytes = 4
/** Most footers fit, so that a file's metadata costs one read. */
const firstReadBytes = 64 * 1024

/**
 * Reads and checks the footer.
 *
 * @throws LetheError `malformed`, `unsupported`, or `encrypted` for an encrypted footer or column
 */
export async function readFooter(
  source: RangeSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ParquetFile> {
  if (source.size < magicBytes + tailBytes) throw malformed('the file is shorter than its frame')
  const lastStart = Math.max(0, source.size - firstReadBytes)
  const last = await source.read(lastStart, source.size, options)
  const length = footerLength(last)
  const footerStart = source.size - tailBytes - length
  if (footerStart < magicBytes) throw malformed('the footer is longer than the file')
  await checkHead(source, { last, lastStart, ...options })
  const footer =
    footerStart >= lastStart
      ? last.subarray(footerStart - lastStart, last.length - tailBytes)
      : await source.read(footerStart, source.size - tailBytes, options)
  return parseFooter(footer, footerStart)
}

function parseFooter(bytes: Uint8Array, footerStart: number): ParquetFile {
  const { struct, end } = readThrift(bytes)
  if (hasField(struct, FileMetaData.encryptionAlgorithm)) throw encrypted('encrypted columns')
  const schema = readSchema(requireField(struct, FileMetaData.schema))
  const numRows = requireCount(struct, FileMetaData.numRows)
  const rowGroups = readRowGroups(struct, schema, footerStart)
  if (rowGroups.reduce((sum, group) => sum + group.numRows, 0) !== numRows) {
    throw malformed('the row groups have not as many rows as the file')
  }
  const createdBy = getField(struct, FileMetaData.createdBy)
  return { struct, schema, numRows, createdBy, rowGroups, footerStart, footerBytes: end }
}

function readRowGroups(file: ThriftStruct, schema: Schema, footerStart: number): RowGroupInfo[] {
  let firstRow = 0
  const groups = requireField(file, FileMetaData.rowGroups).map((struct, index) => {
    const numRows = requireCount(struct, RowGroup.numRows)
    const chunks = readChunks(struct, { schema, numRows, dataEnd: footerStart })
    firstRow += numRows
    return { struct, index, numRows, firstRow: firstRow - numRows, chunks }
  })
  checkDisjoint(groups)
  return groups
}

/** Two chunks that share bytes: an edit of one would change the other. */
function checkDisjoint(groups: readonly RowGroupInfo[]): void {
  const chunks = groups.flatMap((group) => group.chunks).filter((chunk) => chunk.end > chunk.start)
  chunks.sort((a, b) => a.start - b.start)
  for (let index = 1; index < chunks.length; index += 1) {
    if (chunks[index]!.start < chunks[index - 1]!.end) throw malformed('column chunks overlap')
  }
}

function footerLength(last: Uint8Array): number {
  const view = new DataView(last.buffer, last.byteOffset, last.byteLength)
  checkMagic(last.subarray(-magicBytes))
  return view.getUint32(last.length - tailBytes, true)
}

async function checkHead(
  source: RangeSource,
  { last, lastStart, ...options }: { last: Uint8Array; lastStart: number; signal?: AbortSignal },
): Promise<void> {
  const head = lastStart === 0 ? last : await source.read(0, magicBytes, options)
  checkMagic(head.subarray(0, magicBytes))
}

function checkMagic(magic: Uint8Array): void {
  const text = Buffer.from(magic).toString('latin1')
  if (text === 'PARE') throw encrypted('an encrypted footer')
  if (text !== 'PAR1') throw malformed('it does not begin and end with PAR1')
}

function encrypted(what: string): LetheError {
  return new LetheError('encrypted', `Parquet with ${what}: Lethe has no keys`)
}
