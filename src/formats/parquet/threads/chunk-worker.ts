// Works on column chunks in a thread of its own; see chunk-threads.ts.
import { LetheError } from '../../../domain/error.ts'
import { CompressionLevels } from '../erase/compression-level.ts'
import { type ErasedChunk, eraseChunk } from '../erase/erase-chunk.ts'
import { PageWriter } from '../erase/page-writer.ts'
import { valueOrder } from '../erase/value-order.ts'
import { type ParquetFile, readFooter } from '../footer.ts'
import { writeThrift } from '../thrift-writer.ts'
import { ByteBudget } from '../verify/byte-budget.ts'
import { PieceMap } from '../verify/piece-map.ts'
import { verifyChunk } from '../verify/verify-chunk.ts'
import type { ChunkTask, EraseTask, SentChunk, SentError, TaskOutcome, VerifyTask } from './messages.ts'
import { packedRanges, unpackedRanges } from './packed-ranges.ts'
import { RemoteCalls, RemoteSpool, remoteSource } from './remote-calls.ts'

export default async function workOnChunk(task: ChunkTask): Promise<TaskOutcome> {
  const calls = new RemoteCalls(task.port)
  try {
    return await (task.kind === 'erase' ? erase(task, calls) : verify(task, calls))
  } catch (error) {
    return { kind: 'failed', error: sentError(error) }
  } finally {
    calls.close()
  }
}

async function erase(task: EraseTask, calls: RemoteCalls): Promise<TaskOutcome> {
  const source = remoteSource(calls, 'source', task.source)
  const file = await footers.get(task.source.id, () => readFooter(source))
  const group = file.rowGroups[task.group]!
  const chunk = group.chunks[task.chunk]!
  const spool = new RemoteSpool(calls)
  const levels = new CompressionLevels()
  if (task.level !== undefined) levels.set(chunk, task.level)
  const erased = await eraseChunk({
    source,
    chunk,
    group,
    rows: unpackedRanges(task.erasedRows),
    spool,
    writer: new PageWriter(spool),
    levels,
    dataEnd: file.footerStart,
    compare: valueOrder(file.struct, chunk.column),
  })
  await spool.flush()
  return { kind: 'erased', chunk: sentChunk(erased), level: levels.known(chunk) }
}

async function verify(task: VerifyTask, calls: RemoteCalls): Promise<TaskOutcome> {
  const source = remoteSource(calls, 'source', task.source)
  const view = remoteSource(calls, 'view', task.view)
  const before = await footers.get(task.source.id, () => readFooter(source))
  const after = await footers.get(task.view.id, () => readFooter(view))
  const group = before.rowGroups[task.group]!
  const rewritten = await verifyChunk({
    source,
    view,
    pieces: await pieceMaps.get(task.view.id, () => Promise.resolve(new PieceMap({ pieces: piecesOf(task.pieces) }))),
    before: group.chunks[task.chunk]!,
    after: after.rowGroups[task.groupAfter]!.chunks[task.chunk]!,
    firstRow: group.firstRow,
    rows: unpackedRanges(task.erasedRows),
    budget: new ByteBudget(0),
  })
  return { kind: 'verified', rewritten: packedRanges(rewritten) }
}

/** What was made of a file stays for its other chunks: a task is one of them, and a file has many. */
class LastFiles<Made> {
  readonly #made = new Map<number, Promise<Made>>()

  get(id: number, make: () => Promise<Made>): Promise<Made> {
    const made = this.#made.get(id) ?? make()
    this.#made.delete(id)
    this.#made.set(id, made)
    // A task that was ended could not make it; another may.
    made.catch(() => this.#made.delete(id))
    for (const oldest of this.#made.keys()) if (this.#made.size > mostFiles) this.#made.delete(oldest)
    return made
  }
}

const mostFiles = 4
const footers = new LastFiles<ParquetFile>()
const pieceMaps = new LastFiles<PieceMap>()

function* piecesOf(numbers: Float64Array) {
  for (let index = 0; index < numbers.length; index += 3) {
    const from = numbers[index] === 0 ? ('source' as const) : ('spool' as const)
    yield { from, start: numbers[index + 1]!, end: numbers[index + 2]! }
  }
}

function sentChunk({ statistics, geospatialStatistics, index, ...chunk }: ErasedChunk): SentChunk {
  return {
    ...chunk,
    statistics: statistics === undefined ? undefined : writeThrift(statistics),
    geospatialStatistics: geospatialStatistics === undefined ? undefined : writeThrift(geospatialStatistics),
    index:
      index === undefined
        ? undefined
        : {
            offsetIndex: writeThrift(index.offsetIndex),
            columnIndex: index.columnIndex === undefined ? undefined : writeThrift(index.columnIndex),
          },
  }
}

function sentError(error: unknown): SentError {
  if (error instanceof LetheError) {
    const { code, message, retryable, detail } = error
    return { kind: 'lethe', code, message, retryable, detail }
  }
  return { kind: 'other', message: error instanceof Error ? error.message : 'something that is no error' }
}
