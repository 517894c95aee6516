import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { LetheError } from '../../domain/error.ts'
import { type ByteReader, damaged, truncated } from './byte-reader.ts'

/** A decompressor or compressor of node:zlib. */
export type Engine = Transform & { readonly bytesWritten: number }

/** What an engine says of one chunk of output: small enough to overlap with the reader's work, large enough to be few. */
export const engineChunkBytes = 256 * 1024

/**
 * Decompresses from where the reader is to where the engine says that its stream ends, and leaves the reader there:
 * what was fed beyond the end is given back. An engine tells the end by ending, and how far it read by `bytesWritten`.
 *
 * Errors are the engine's own.
 */
export async function* decompressFrom(
  reader: ByteReader,
  engine: Engine,
  { chunkBytes }: { readonly chunkBytes?: number } = {},
): AsyncGenerator<Uint8Array> {
  let fedBytes = 0
  let last: Uint8Array = new Uint8Array(0)
  const closed = once(engine, 'close').catch(() => undefined)
  const feed = async (): Promise<void> => {
    // What an engine does not take all of lies beyond its end: only the last chunk has to be given back.
    while (engine.bytesWritten === fedBytes && !engine.destroyed) {
      const chunk = await reader.chunk(chunkBytes)
      if (chunk === undefined) {
        engine.end()
        return
      }
      fedBytes += chunk.length
      last = chunk
      // After its end an engine may call back no more, but closes.
      const isTaken = new Promise<void>((resolve) => engine.write(chunk, () => resolve()))
      await Promise.race([isTaken, closed])
    }
  }
  const feeding = feed().catch((error: unknown) => {
    engine.destroy(error instanceof Error ? error : new Error('the source could not be read', { cause: error }))
  })
  yield* engine
  await feeding
  const surplus = fedBytes - engine.bytesWritten
  if (surplus > 0) reader.unread(last.subarray(last.length - surplus))
}

/** A stream through an engine. */
export async function* through(stream: AsyncIterable<Uint8Array>, engine: Transform): AsyncGenerator<Uint8Array> {
  const closed = once(engine, 'close').catch(() => undefined)
  const feeding = (async () => {
    for await (const chunk of stream) {
      if (engine.destroyed) return
      await Promise.race([new Promise<void>((resolve) => engine.write(chunk, () => resolve())), closed])
    }
    engine.end()
  })().catch((error: unknown) => {
    engine.destroy(error instanceof Error ? error : new Error('the stream could not be read', { cause: error }))
  })
  yield* engine
  await feeding
}

/** Errors of node:zlib are about the content; others have come through it. */
export function asDamage(error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string') return error
  if (code === 'Z_BUF_ERROR') return truncated()
  if (code === 'Z_NEED_DICT') return new LetheError('unsupported', 'is compressed with a dictionary that is elsewhere')
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    return new LetheError('limit-exceeded', 'needs more than 128 MiB of memory to be decompressed')
  }
  return /^(Z_|ZSTD_|ERR_ZSTD|ERR_BROTLI|ERR_PADDING|ERR__ERROR)/.test(code) ? damaged(error) : error
}
