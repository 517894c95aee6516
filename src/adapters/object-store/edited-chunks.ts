import { LetheError } from '../../domain/error.ts'
import type { Edit } from '../../formats/edit.ts'
import type { RangeSource } from '../../formats/range-source.ts'
import type { CallOptions } from '../../ports/object-store.ts'

/** The least that is read of the source at once: row formats keep thousands of short pieces close to each other. */
const minReadBytes = 64 * 1024

/**
 * The bytes of an edited object in order, in chunks of exactly `chunkBytes` but for the last. A chunk is not touched
 * afterwards: it may be written while the next one is read.
 */
export async function* editedChunks(
  source: RangeSource,
  edit: Edit,
  { chunkBytes = 1024 * 1024, ...options }: CallOptions & { readonly chunkBytes?: number } = {},
): AsyncGenerator<Uint8Array> {
  const readSource = readWithWindow(source, options)
  const readSpool = (start: number, end: number) => edit.spool.read(start, end, options)
  let chunk = new Uint8Array(Math.min(chunkBytes, edit.size))
  let filled = 0
  let left = edit.size
  for (const { from, start, end } of edit.pieces) {
    const read = from === 'source' ? readSource : readSpool
    for (let at = start; at < end; ) {
      if (chunk.length === 0) throw new LetheError('internal', 'the pieces of an edit are longer than it says')
      const bytes = await read(at, Math.min(end, at + chunk.length - filled))
      at += bytes.length
      left -= bytes.length
      if (bytes.length === chunk.length) {
        yield bytes
        if (left < chunk.length) chunk = new Uint8Array(left)
        continue
      }
      chunk.set(bytes, filled)
      filled += bytes.length
      if (filled < chunk.length) continue
      yield chunk
      chunk = new Uint8Array(Math.min(chunkBytes, left))
      filled = 0
    }
  }
  if (left > 0) throw new LetheError('internal', 'the pieces of an edit are shorter than it says')
}

type ReadSome = (start: number, end: number) => Promise<Uint8Array>

/** Reads at most `start..end` and at least one byte of it, mostly from what an earlier read brought along. */
function readWithWindow(source: RangeSource, options: CallOptions): ReadSome {
  let windowStart = 0
  let window: Uint8Array = new Uint8Array(0)
  return async (start, end) => {
    if (start < windowStart || start >= windowStart + window.length) {
      window = await source.read(start, Math.min(source.size, Math.max(end, start + minReadBytes)), options)
      windowStart = start
    }
    return window.subarray(start - windowStart, Math.min(end - windowStart, window.length))
  }
}
