import type { Ranges } from '../../../domain/ranges.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import type { CompressOptions } from '../codecs.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import type { ParquetFile, RowGroupInfo } from '../footer.ts'
import { inLanes } from '../in-lanes.ts'
import type { ChunkThreads } from '../threads/chunk-threads.ts'
import { estimateWork } from '../threads/estimate-work.ts'
import { CompressionLevels, hasLevels } from './compression-level.ts'
import { type ErasedChunk, eraseChunk } from './erase-chunk.ts'
import { PageWriter } from './page-writer.ts'
import { valueOrder } from './value-order.ts'

interface ChunksErasure {
  readonly file: ParquetFile
  /** Those that lose rows, but not all. */
  readonly groups: readonly RowGroupInfo[]
  readonly rows: Ranges
  readonly spool: Spool
  readonly signal?: AbortSignal
  readonly onProgress?: (bytes: number) => void
  readonly threads?: ChunkThreads | undefined
}

/** What is left of each chunk of the groups: the same whether or not several are worked on at once. */
export async function eraseChunks(
  source: RangeSource,
  erasure: ChunksErasure,
): Promise<ReadonlyMap<RowGroupInfo, readonly ErasedChunk[]>> {
  const { groups, rows, threads } = erasure
  const erased = new Map(groups.map((group) => [group, [] as ErasedChunk[]]))
  const chunks = groups.flatMap((group) => group.chunks.map((chunk, index) => ({ group, chunk, index })))
  const erase = threads?.areWorth(estimateWork(groups, rows))
    ? { lanes: threads.lanes, run: eraseByThreads(source, threads, erasure) }
    : { lanes: 1, run: eraseHere(source, erasure) }
  await inLanes(chunks, erase.lanes, async ({ group, chunk, index }) => {
    erased.get(group)![index] = await erase.run({ group, chunk, index })
    erasure.onProgress?.(chunk.end - chunk.start)
  })
  return erased
}

interface PlacedChunk {
  readonly group: RowGroupInfo
  readonly chunk: ColumnChunkInfo
  /** Among the group's chunks. */
  readonly index: number
}

type EraseChunk = (placed: PlacedChunk) => Promise<ErasedChunk>

function eraseHere(source: RangeSource, { file, ...erasure }: ChunksErasure): EraseChunk {
  const shared = {
    ...erasure,
    source,
    writer: new PageWriter(erasure.spool),
    levels: new CompressionLevels(),
    dataEnd: file.footerStart,
  }
  return ({ group, chunk }) => eraseChunk({ ...shared, group, chunk, compare: valueOrder(file.struct, chunk.column) })
}

function eraseByThreads(source: RangeSource, threads: ChunkThreads, erasure: ChunksErasure): EraseChunk {
  const { file, rows, spool, signal } = erasure
  const session = threads.open({ source, spool, signal })
  const levels = new LevelsInOrder()
  return ({ group, chunk, index }) =>
    levels.use(chunk, async (level) => {
      const place = { group: file.rowGroups.indexOf(group), chunk: index, ...rowsOf(group), rows }
      const erased = await session.erase(place, level)
      return { result: erased.chunk, level: erased.level }
    })
}

function rowsOf({ firstRow, numRows }: RowGroupInfo) {
  return { firstRow, numRows }
}

type LevelFinder<Result> = (
  known: CompressOptions | undefined,
) => Promise<{ readonly result: Result; readonly level: CompressOptions | undefined }>

/**
 * A column's level is found out by its first chunk that can tell, in the order of the file, as if one were worked on
 * after the other: the others wait for it, else they could come to another one.
 */
class LevelsInOrder {
  readonly #byColumn = new Map<number, Promise<CompressOptions | undefined>>()

  /** To be called in the order of the file. */
  async use<Result>({ column, codec }: ColumnChunkInfo, work: LevelFinder<Result>): Promise<Result> {
    if (!hasLevels(codec)) return (await work(undefined)).result
    const before = this.#byColumn.get(column.index)
    const { promise, resolve } = Promise.withResolvers<CompressOptions | undefined>()
    this.#byColumn.set(column.index, promise)
    try {
      const known = await before
      if (known !== undefined) resolve(known)
      const { result, level } = await work(known)
      resolve(level)
      return result
    } finally {
      resolve(undefined)
    }
  }
}
