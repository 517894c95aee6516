import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo, Extent } from '../column-chunk.ts'
import type { ParquetFile } from '../footer.ts'
import { malformed } from '../malformed.ts'
import { BloomFilterHeader } from '../metadata.ts'
import { requireCount } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'

/**
 * No byte belongs to two structures: an edit of one would change the other.
 *
 * @throws LetheError `malformed`
 */
export function requireDisjoint(file: ParquetFile): void {
  const extents = allExtents(file)
  for (let index = 1; index < extents.length; index += 1) {
    if (extents[index]!.start < extents[index - 1]!.end) throw malformed('two structures of the file overlap')
  }
}

/**
 * The column chunks that something lies behind that is no structure. Mostly it is a copy of metadata; but where a
 * writer gave a chunk too short a size, it is pages.
 */
export function chunksBeforeGaps(file: ParquetFile): ColumnChunkInfo[] {
  const starts = new Set([file.footerStart, ...allExtents(file).map(({ start }) => start)])
  return file.rowGroups.flatMap(({ chunks }) => chunks.filter(({ start, end }) => end > start && !starts.has(end)))
}

/** In the order of the file. */
function allExtents({ rowGroups }: ParquetFile): Extent[] {
  const extents = rowGroups.flatMap(({ chunks }) => chunks.flatMap(extentsOf)).filter(({ start, end }) => end > start)
  return extents.sort((a, b) => a.start - b.start)
}

function extentsOf(chunk: ColumnChunkInfo): Extent[] {
  const bloom = chunk.bloomFilter
  const filter = bloom === undefined ? undefined : { start: bloom.start, end: bloom.end ?? bloom.start + 1 }
  return [chunk, chunk.offsetIndex, chunk.columnIndex, filter].filter((extent) => extent !== undefined)
}

/** A header is a few bytes: three unions and a number. */
const bloomHeaderBytes = 256

/** Where a chunk's bloom filter lies; old writers do not say how long it is, but its header does. */
export async function bloomFilterExtent(
  source: RangeSource,
  { bloomFilter }: Pick<ColumnChunkInfo, 'bloomFilter'>,
  { dataEnd, signal }: { dataEnd: number; signal?: AbortSignal | undefined },
): Promise<Extent | undefined> {
  if (bloomFilter === undefined) return undefined
  const { start, end } = bloomFilter
  if (end !== undefined) return { start, end }
  const options = signal === undefined ? {} : { signal }
  const header = readThrift(await source.read(start, Math.min(dataEnd, start + bloomHeaderBytes), options))
  const length = header.end + requireCount(header.struct, BloomFilterHeader.numBytes)
  if (length > dataEnd - start) throw malformed('a bloom filter lies outside the file')
  return { start, end: start + length }
}
