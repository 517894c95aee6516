export interface ReadOptions {
  readonly signal?: AbortSignal
  /**
   * Memory for the bytes, at least as many, so that who reads much need not have new memory for each read. A source may
   * use it, from its beginning, or leave it alone: the bytes are where the result says. Not to be touched until then.
   */
  readonly into?: Uint8Array
}

/**
 * The bytes of one version of an object, read at random.
 *
 * `read` yields exactly `end - start` bytes for `0 <= start <= end <= size`, in a buffer that the source does not
 * touch afterwards. It may be called again and concurrently. It rejects with `object-changed` when the version that
 * it was opened at is gone, never with another version's bytes.
 */
export interface RangeSource {
  /** Length in bytes. */
  readonly size: number
  read(start: number, end: number, options?: ReadOptions): Promise<Uint8Array>
}

const defaultChunkBytes = 1024 * 1024

export interface ChunkOptions {
  readonly start?: number
  readonly end?: number
  readonly chunkBytes?: number
  readonly signal?: AbortSignal
}

/** The bytes `start..end` of a source in order, in chunks of at most `chunkBytes`; the next chunk is read ahead. */
export async function* chunksOf(
  source: RangeSource,
  { start = 0, end = source.size, chunkBytes = defaultChunkBytes, signal }: ChunkOptions = {},
): AsyncGenerator<Uint8Array> {
  const readAt = (position: number): Promise<Uint8Array> => {
    const chunk = source.read(position, Math.min(end, position + chunkBytes), signal === undefined ? {} : { signal })
    // A consumer that stops early never awaits the chunk read ahead; its failure must not end the process.
    chunk.catch(() => undefined)
    return chunk
  }
  let ahead = start < end ? readAt(start) : undefined
  for (let position = start; ahead !== undefined; position += chunkBytes) {
    signal?.throwIfAborted()
    const chunk = await ahead
    ahead = position + chunkBytes < end ? readAt(position + chunkBytes) : undefined
    yield chunk
  }
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): RangeSource {
  return {
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  }
}
