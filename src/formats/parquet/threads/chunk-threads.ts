import { AsyncResource } from 'node:async_hooks'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { type ErrorCode, LetheError } from '../../../domain/error.ts'
import type { Ranges } from '../../../domain/ranges.ts'
import type { Edit, Piece } from '../../edit.ts'
import type { RangeSource } from '../../range-source.ts'
import type { Spool } from '../../spool.ts'
import type { CompressOptions } from '../codecs.ts'
import type { Extent } from '../column-chunk.ts'
import type { ErasedChunk } from '../erase/erase-chunk.ts'
import { readThrift } from '../thrift-reader.ts'
import type { Answer, Call, ChunkTask, RemoteFile, SentChunk, SentError, TaskOutcome } from './messages.ts'
import { packedRanges, unpackedRanges } from './packed-ranges.ts'

/** The bytes that threads ask for, and where theirs go. */
export interface SharedFiles {
  readonly source: RangeSource
  readonly view?: RangeSource
  readonly spool?: Spool
  readonly signal?: AbortSignal | undefined
}

/** A chunk to be worked on: ordinals of row group and chunk, and the rows of the file that go. */
export interface ChunkPlace {
  readonly group: number
  readonly chunk: number
  readonly firstRow: number
  readonly numRows: number
  readonly rows: Ranges
}

export interface ErasedByThread {
  readonly chunk: ErasedChunk
  /** What the column turned out to be compressed with. */
  readonly level: CompressOptions | undefined
}

export interface ThreadOptions {
  /** At most so many; one works on the thread of the caller. What comes out does not depend on it. */
  readonly threadCount: number
  /** For less work than this no thread is begun. */
  readonly leastBytes?: number
}

/** A thread is begun in a tenth of a second, in which so many bytes are decompressed, compressed and proven. */
const defaultLeastBytes = 32 * 1024 * 1024

/** Ends of an idle thread are cheap, and so is the beginning of the next: a tenth of a second. */
const idleMs = 500
/** While one chunk of a thread waits for bytes, another is worked on. */
const chunksPerThread = 2

/**
 * Threads that erase from and verify column chunks, which do not depend on one another until the footer is written.
 *
 * A thread reads and writes nothing by itself: it asks this one for bytes of the source, which so stays pinned to its
 * version in one place, and sends its new bytes, which are appended to the one spool in the order in which they come.
 * The edited file does not depend on that order, nor on the number of threads. A thread holds what one holds that works
 * alone: a window of a chunk and a few pages.
 */
export class ChunkThreads {
  readonly #options: ThreadOptions
  #pool: Piscina<ChunkTask, TaskOutcome> | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** Whether there is enough to do for threads, in bytes of pages as they are stored. */
  areWorth(bytes: number): boolean {
    const { threadCount, leastBytes = defaultLeastBytes } = this.#options
    return bytes >= leastBytes && threadCount > 1
  }

  /** How many chunks are worked on at once. */
  get lanes(): number {
    return this.#options.threadCount * chunksPerThread
  }

  /** The files of one erasure or proof. */
  open(files: SharedFiles): ChunkSession {
    this.#pool ??= new Piscina<ChunkTask, TaskOutcome>({
      filename: workerFile,
      minThreads: 0,
      maxThreads: this.#options.threadCount,
      concurrentTasksPerWorker: chunksPerThread,
      idleTimeout: idleMs,
      // A thread that waits for its next task by Atomics would not hear the answers to its calls.
      atomics: 'disabled',
    })
    return new ChunkSession(this.#pool, files)
  }
}

/** Beside this file, in the form in which this one is. */
const workerFile = new URL(`./chunk-worker${import.meta.url.slice(-3)}`, import.meta.url).href

let lastFileId = 0

export class ChunkSession {
  readonly #pool: Piscina<ChunkTask, TaskOutcome>
  readonly #files: SharedFiles
  readonly #source: RemoteFile
  readonly #view: RemoteFile
  /** The spool takes one append at a time. */
  #lastAppend: Promise<unknown> = Promise.resolve()

  constructor(pool: Piscina<ChunkTask, TaskOutcome>, files: SharedFiles) {
    this.#pool = pool
    this.#files = files
    this.#source = { id: ++lastFileId, size: files.source.size }
    this.#view = { id: ++lastFileId, size: files.view?.size ?? 0 }
  }

  async erase(place: ChunkPlace, level: CompressOptions | undefined): Promise<ErasedByThread> {
    const appended: Appended[] = []
    const outcome = await this.#run({ ...this.#taskOf(place), kind: 'erase', level }, appended)
    if (outcome.kind !== 'erased') throw new LetheError('internal', 'a thread did something else')
    return { chunk: receivedChunk(outcome.chunk, appended), level: outcome.level }
  }

  async verify(place: ChunkPlace & { readonly groupAfter: number }, pieces: Float64Array): Promise<Ranges> {
    const { groupAfter } = place
    const outcome = await this.#run(
      { ...this.#taskOf(place), kind: 'verify', view: this.#view, groupAfter, pieces },
      [],
    )
    if (outcome.kind !== 'verified') throw new LetheError('internal', 'a thread did something else')
    return unpackedRanges(outcome.rewritten)
  }

  #taskOf({ group, chunk, firstRow, numRows, rows }: ChunkPlace) {
    return { source: this.#source, group, chunk, erasedRows: packedRanges(rows.within(firstRow, firstRow + numRows)) }
  }

  async #run(task: WithoutPort<ChunkTask>, appended: Appended[]): Promise<TaskOutcome> {
    const { port1: port, port2 } = new MessageChannel()
    const answering = new Answering(port, (call) => this.#answer(call, appended))
    try {
      const outcome = await this.#pool.run({ ...task, port: port2 } as ChunkTask, { transferList: [port2] })
      await answering.end()
      if (outcome.kind !== 'failed') return outcome
      throw answering.failure === undefined ? receivedError(outcome.error) : answering.failure.error
    } finally {
      await answering.end()
    }
  }

  async #answer(call: Call, appended: Appended[]): Promise<Uint8Array<ArrayBuffer>> {
    const { source, view, spool, signal } = this.#files
    signal?.throwIfAborted()
    const options = signal === undefined ? {} : { signal }
    switch (call.kind) {
      case 'read':
        return await readOwn(call.file === 'source' ? source : view!, {
          extents: [call],
          memory: call.memory,
          ...options,
        })
      case 'append': {
        const append = this.#lastAppend.then(() => spool!.append(call.bytes))
        this.#lastAppend = append.catch(() => undefined)
        const start = appended.at(-1)?.end ?? 0
        appended.push({ start, end: start + call.bytes.length, at: (await append).start })
        return call.bytes
      }
      case 'reread':
        return await readOwn(spool!, { extents: translated({ ...call, from: 'spool' }, appended), ...options })
    }
  }
}

interface OwnReading {
  readonly extents: readonly Extent[]
  /** To read into, where it is large enough. */
  readonly memory?: ArrayBuffer | undefined
  readonly signal?: AbortSignal
}

/** The bytes of some extents, one behind the other, in memory of their own: a source may keep what it yields. */
async function readOwn(
  source: RangeSource,
  { extents, memory, ...options }: OwnReading,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = extents.reduce((sum, { start, end }) => sum + end - start, 0)
  const own =
    memory !== undefined && memory.byteLength >= length ? new Uint8Array(memory, 0, length) : new Uint8Array(length)
  let position = 0
  for (const { start, end } of extents) {
    const into = own.subarray(position, position + end - start)
    const bytes = await source.read(start, end, { ...options, into })
    if (bytes.buffer !== own.buffer) into.set(bytes)
    position += end - start
  }
  return own
}

type WithoutPort<Task> = Task extends unknown ? Omit<Task, 'port'> : never

/** Bytes `start..end` of those that a task appended, and where in the spool they lie. */
interface Appended {
  readonly start: number
  readonly end: number
  readonly at: number
}

/** Bytes are in memory of their own, which is given away. */
type AnswerCall = (call: Call) => Promise<Uint8Array<ArrayBuffer>>

/** Answers the calls of one task, until it has ended and nothing of it is under way. */
class Answering {
  readonly #port: MessagePort
  readonly #underWay = new Set<Promise<void>>()
  /** The first call that could not be answered. */
  failure: { readonly error: unknown } | undefined

  constructor(port: MessagePort, answer: AnswerCall) {
    this.#port = port
    const serve = (call: Call): void => {
      const done = this.#serve(call, answer).finally(() => this.#underWay.delete(done))
      this.#underWay.add(done)
    }
    // What is read for a thread is read by whoever gave it the task: a store counts by that.
    port.on('message', AsyncResource.bind(serve))
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay)
    this.#port.close()
  }

  async #serve(call: Call, answer: AnswerCall): Promise<void> {
    const { id } = call
    try {
      if (this.failure !== undefined) throw this.failure.error
      const bytes = await answer(call)
      this.#port.postMessage({ id, bytes } satisfies Answer, [bytes.buffer])
    } catch (error) {
      this.failure ??= { error }
      this.#port.postMessage({ id, isFailed: true } satisfies Answer)
    }
  }
}

function receivedChunk(
  { statistics, geospatialStatistics, index, pages, bloomFilter, ...chunk }: SentChunk,
  appended: readonly Appended[],
): ErasedChunk {
  const structOf = (bytes: Uint8Array) => readThrift(bytes).struct
  return {
    ...chunk,
    pages: pages.map((page) => ({ ...page, pieces: page.pieces.flatMap((piece) => translated(piece, appended)) })),
    bloomFilter: bloomFilter === undefined ? undefined : onePiece(translated(bloomFilter, appended)),
    statistics: statistics === undefined ? undefined : structOf(statistics),
    geospatialStatistics: geospatialStatistics === undefined ? undefined : structOf(geospatialStatistics),
    index:
      index === undefined
        ? undefined
        : {
            offsetIndex: structOf(index.offsetIndex),
            columnIndex: index.columnIndex === undefined ? undefined : structOf(index.columnIndex),
          },
  }
}

/** Where the bytes of a piece lie that a task appended. */
function translated(piece: Piece, appended: readonly Appended[]): Piece[] {
  if (piece.from === 'source') return [piece]
  return appended
    .filter(({ start, end }) => start < piece.end && end > piece.start)
    .map(({ start, end, at }) => ({
      from: 'spool' as const,
      start: at + Math.max(0, piece.start - start),
      end: at + Math.min(end, piece.end) - start,
    }))
}

function onePiece(pieces: readonly Piece[]): Piece {
  if (pieces.length !== 1) throw new LetheError('internal', 'a thread sent a structure in parts')
  return pieces[0]!
}

function receivedError(error: SentError): Error {
  if (error.kind === 'other') return new Error(error.message)
  const { code, message, retryable, detail } = error
  return new LetheError(code as ErrorCode, message, { retryable, detail })
}

/** The pieces of an edit as threads are given them. */
export function packedPieces({ pieces }: Pick<Edit, 'pieces'>): Float64Array {
  const numbers: number[] = []
  for (const { from, start, end } of pieces) numbers.push(from === 'source' ? 0 : 1, start, end)
  const packed = new Float64Array(new SharedArrayBuffer(8 * numbers.length))
  packed.set(numbers)
  return packed
}
