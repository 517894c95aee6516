import { LetheError } from '../../domain/error.ts'
import { chunksOf, type RangeSource } from '../range-source.ts'
import type { ByteReaderOptions } from './byte-reader.ts'
import type { Codec, Unit } from './codec.ts'
import { Units } from './units.ts'

/** When what looks like an object is a bomb: a little content that decompresses to more than anybody stores. */
export interface BombLimits {
  /** The most that an object may decompress to. At 200 MB/s a tebibyte takes one and a half hours. */
  readonly maxBytes: number
  /**
   * The most that an object may grow to, as a multiple of what was read of it, beyond the first 64 MiB. deflate cannot
   * reach it (1,032). Measured: one log line again and again with a clock in it 1,200 (zstd -19) and 2,300 (xz), without
   * one 12,000 (zstd); zeros 32,000 (zstd) and 590,000 (brotli).
   */
  readonly maxRatio: number
}

export const defaultBombLimits: BombLimits = { maxBytes: 2 ** 40, maxRatio: 25_000 }

const freeBytes = 64 * 1024 * 1024
/** More names than that tell nothing new, and a name is remembered as long as the object is worked on. */
const maxNames = 1000

/** What reading an object through tells of it. */
export interface Structure {
  readonly units: Units
  /** File names and comments in the headers of members. */
  readonly names: ReadonlySet<string>
  /** Whether the object was read to its end. */
  readonly isWhole: boolean
}

export interface DecompressOptions extends ByteReaderOptions {
  readonly limits: BombLimits
  /** Called with the number of bytes of the source that are newly read. */
  readonly onRead?: (bytes: number) => void
}

/**
 * An object decompressed, read from its beginning to its end; `structure` is whole when the stream has ended.
 *
 * @throws LetheError `limit-exceeded`, and what the codec throws.
 */
export function decompressed(
  codec: Codec,
  source: RangeSource,
  { limits, onRead, ...options }: DecompressOptions,
): { readonly stream: AsyncIterable<Uint8Array>; readonly structure: Structure } {
  const units = new Units()
  const names = new Set<string>()
  const structure = { units, names, isWhole: false }
  let readBytes = 0
  const counted: RangeSource = {
    size: source.size,
    read(start, end, call) {
      if (end > readBytes) onRead?.(end - readBytes)
      readBytes = Math.max(readBytes, end)
      return source.read(start, end, call)
    },
  }
  async function* stream(): AsyncGenerator<Uint8Array> {
    let streamEnd = 0
    for await (const decoded of codec.decode(counted, options)) {
      if (decoded.kind === 'member') {
        units.add({ start: decoded.start, end: decoded.end, streamEnd })
        for (const name of decoded.names) if (names.size < maxNames) names.add(name)
        continue
      }
      streamEnd += decoded.bytes.length
      requireNoBomb(streamEnd, readBytes, limits)
      yield decoded.bytes
    }
    structure.isWhole = true
  }
  return { stream: stream(), structure }
}

function requireNoBomb(streamBytes: number, readBytes: number, { maxBytes, maxRatio }: BombLimits): void {
  if (streamBytes > maxBytes) {
    throw new LetheError('limit-exceeded', `decompresses to more than ${maxBytes} bytes`)
  }
  if (streamBytes > freeBytes && streamBytes > maxRatio * readBytes) {
    throw new LetheError('limit-exceeded', `decompresses to more than ${maxRatio} times its size; is it a bomb?`)
  }
}

/** What one unit decompresses to. */
export async function* unitStream(
  codec: Codec,
  source: RangeSource,
  { unit, signal }: { readonly unit: Unit; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const options = { start: unit.start, end: unit.end, ...(signal === undefined ? {} : { signal }) }
  for await (const decoded of codec.decode(source, options)) if (decoded.kind === 'bytes') yield decoded.bytes
}

/** The whole of new members, in the way that shares least with the one that reads an object. */
export async function* membersStream(
  codec: Codec,
  source: RangeSource,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  if (codec.decodeAgain !== undefined) return yield* codec.decodeAgain(chunksOf(source, { start, end }))
  for await (const decoded of codec.decode(source, { start, end })) if (decoded.kind === 'bytes') yield decoded.bytes
}
