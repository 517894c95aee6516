import type { MessagePort } from 'node:worker_threads'
import type { Piece } from '../../edit.ts'
import type { CompressOptions } from '../codecs.ts'
import type { ChunkPage } from '../erase/chunk-page.ts'
import type { ErasedChunk } from '../erase/erase-chunk.ts'

/** What a thread is asked to do with one column chunk. Reads and new bytes go through the port. */
export type ChunkTask = EraseTask | VerifyTask

interface TaskOfChunk {
  readonly port: MessagePort
  /** Ordinals of row group and chunk in the file. */
  readonly group: number
  readonly chunk: number
  /** Starts and ends of the intervals of the group's rows that go, ordinals in the file. */
  readonly erasedRows: Float64Array
  readonly source: RemoteFile
}

/** A file that is read through the port; what a thread knows of one it knows by the id, which no other file has. */
export interface RemoteFile {
  readonly id: number
  readonly size: number
}

export interface EraseTask extends TaskOfChunk {
  readonly kind: 'erase'
  /** What the column is known to be compressed with, from another of its chunks. */
  readonly level: CompressOptions | undefined
}

export interface VerifyTask extends TaskOfChunk {
  readonly kind: 'verify'
  /** The edited file, and the ordinal of the row group in it. */
  readonly view: RemoteFile
  readonly groupAfter: number
  /** Of each piece of the edited file: 0 for the source and 1 for the spool, start, end. */
  readonly pieces: Float64Array
}

export type TaskOutcome =
  | { readonly kind: 'erased'; readonly chunk: SentChunk; readonly level: CompressOptions | undefined }
  /** Starts and ends of what `verifyChunk` yields. */
  | { readonly kind: 'verified'; readonly rewritten: Float64Array }
  | { readonly kind: 'failed'; readonly error: SentError }

/** Structures as they are written: to clone the tree of one would clone all the bytes that its values are views of. */
export interface SentChunk
  extends Omit<ErasedChunk, 'statistics' | 'geospatialStatistics' | 'index' | 'pages' | 'bloomFilter'> {
  /** Pieces of the spool are of the bytes that this task appended, counted from its first. */
  readonly pages: readonly ChunkPage[]
  readonly bloomFilter: Piece | undefined
  readonly statistics: Uint8Array | undefined
  readonly geospatialStatistics: Uint8Array | undefined
  readonly index: { readonly offsetIndex: Uint8Array; readonly columnIndex: Uint8Array | undefined } | undefined
}

export type SentError =
  | {
      readonly kind: 'lethe'
      readonly code: string
      readonly message: string
      readonly retryable: boolean
      readonly detail: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'other'; readonly message: string }

/** From a thread, each answered in its turn by an `Answer` of the same id. */
export type Call =
  | {
      readonly id: number
      readonly kind: 'read'
      readonly file: 'source' | 'view'
      readonly start: number
      readonly end: number
      /** To read into: memory that the thread had from an answer before, or of its own. */
      readonly memory: ArrayBuffer | undefined
    }
  | { readonly id: number; readonly kind: 'append'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Bytes that this task appended. */
  | { readonly id: number; readonly kind: 'reread'; readonly start: number; readonly end: number }

export type Answer =
  /** What was read; of an append its memory, to be used again. */
  | { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The call failed, or the task is to end; why is known to whoever answers. */
  | { readonly id: number; readonly isFailed: true }
