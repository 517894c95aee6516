import { editedView, type Piece } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import type { ColumnChunkInfo, Extent } from '../column-chunk.ts'
import { isKnownBloomFilter, makeBloomFilter } from '../find/bloom-filter.ts'
import { isDictionaryEncoded } from '../find/scan-page.ts'
import { countPresent } from '../levels.ts'
import { malformed } from '../malformed.ts'
import { BloomFilterHeader } from '../metadata.ts'
import { splitPage } from '../page-body.ts'
import { requireCount } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'
import { ChunkDictionary } from './chunk-dictionary.ts'
import { PageWalk } from './page-walk.ts'
import { valuesOfSection } from './value-bounds.ts'

interface BloomErasure {
  readonly chunk: ColumnChunkInfo
  /** The filter of the source's chunk. */
  readonly filter: Extent
  /** The pages of the new chunk. */
  readonly pieces: readonly Piece[]
  readonly spool: Spool
  readonly signal?: AbortSignal | undefined
}

const blockBytes = 32

/**
 * A bloom filter of what stays of a chunk, of the size that it has: bits cannot be taken out, so all values that stay
 * are put into an empty one. Undefined for a filter of an unknown kind.
 */
export async function eraseBloomFilter(
  source: RangeSource,
  { chunk, filter, pieces, spool, signal }: BloomErasure,
): Promise<Uint8Array | undefined> {
  const options = signal === undefined ? {} : { signal }
  // Not `slice`: of a Buffer that is no copy.
  const bytes = new Uint8Array(await source.read(filter.start, filter.end, options))
  const header = readThrift(bytes)
  const numBytes = requireCount(header.struct, BloomFilterHeader.numBytes)
  if (!isKnownBloomFilter(header.struct) || numBytes === 0 || numBytes % blockBytes !== 0) return undefined
  if (header.end + numBytes !== bytes.length) throw malformed('a bloom filter has another length than it says')
  const fresh = await makeBloomFilter(numBytes)
  const size = pieces.reduce((sum, { start, end }) => sum + end - start, 0)
  const summary = { rowsBefore: 0, rowsErased: 0, keptBytes: 0, insertedBytes: 0 }
  const view = editedView(source, { size, pieces, spool, summary })
  for await (const value of distinctValues(new PageWalk(view, { start: 0, end: size }, options), chunk))
    fresh.add(value)
  bytes.set(fresh.blocks, header.end)
  return bytes
}

/** The values of a chunk; those of its dictionary once. */
async function* distinctValues(walk: PageWalk, chunk: ColumnChunkInfo): AsyncGenerator<Uint8Array> {
  const { column } = chunk
  let dictionary: ChunkDictionary | undefined
  const seen = new Set<number>()
  for (let place = await walk.next(); place !== undefined; place = await walk.next()) {
    const { head } = place
    const body = await (head.kind === 'dictionary' ? walk.ownBody(place) : walk.body(place))
    if (head.kind === 'dictionary') dictionary = new ChunkDictionary({ ...place, body }, chunk)
    if (head.kind !== 'data-v1' && head.kind !== 'data-v2') continue
    const { encoding, values, definitionLevels, numValues } = splitPage({ head, body }, chunk)
    const count =
      definitionLevels === undefined ? numValues : countPresent(definitionLevels, numValues, column.maxDefinitionLevel)
    const isIndices = isDictionaryEncoded({ encoding })
    if (isIndices && dictionary === undefined) throw malformed('a page points into a dictionary that its chunk has not')
    const entry = (index: number): Uint8Array => {
      seen.add(index)
      return dictionary!.entry(index)
    }
    const skip = isIndices ? seen : undefined
    yield* valuesOfSection({ encoding, values, count }, { column, entry: isIndices ? entry : undefined, skip })
  }
}
