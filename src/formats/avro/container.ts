import { LetheError } from '../../domain/error.ts'
import { chunksOf, type RangeSource } from '../range-source.ts'
import { ByteCursor } from './byte-cursor.ts'
import { type Codec, codecNamed, maxBlockBytes } from './codecs.ts'
import { malformed, tooLarge } from './refusal.ts'
import { type AvroType, parseSchema } from './schema.ts'

/** The first bytes of an object container file. */
export const magic = Uint8Array.of(0x4f, 0x62, 0x6a, 1)
const syncBytes = 16
/** The header is held in memory; schemas of real files take a few KiB. */
const maxHeaderBytes = 16 * 1024 * 1024

/** What stands before the blocks (Avro 1.12, "Object Container Files"). */
export interface Header {
  readonly schema: AvroType
  readonly codec: Codec
  /** Names of the metadata, in their order. */
  readonly metadataNames: readonly string[]
  /** The 16 bytes that every block ends with. */
  readonly sync: Uint8Array
  readonly sizeBytes: number
}

/** @throws LetheError `malformed`, `unsupported`, `limit-exceeded` */
export async function readHeader(
  source: RangeSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Header> {
  const { metadata, sync, sizeBytes } = await readHeaderParts(source, options)
  const schema = metadata.get('avro.schema')
  if (schema === undefined) throw malformed('the header has no schema')
  const codec = metadata.get('avro.codec')
  return {
    schema: parseSchema(decodeText(schema)),
    codec: codecNamed(codec === undefined ? 'null' : decodeText(codec)),
    metadataNames: [...metadata.keys()],
    sync,
    sizeBytes,
  }
}

interface HeaderParts {
  readonly metadata: ReadonlyMap<string, Uint8Array>
  readonly sync: Uint8Array
  readonly sizeBytes: number
}

async function readHeaderParts(source: RangeSource, options: { readonly signal?: AbortSignal }): Promise<HeaderParts> {
  const limit = Math.min(source.size, maxHeaderBytes)
  for (let length = Math.min(limit, 64 * 1024); ; length = Math.min(limit, 8 * length)) {
    try {
      return splitHeader(await source.read(0, length, options))
    } catch (error) {
      // Perhaps the header just goes on after what was read.
      if (!(error instanceof LetheError && error.code === 'malformed' && length < source.size)) throw error
      if (length === limit) throw new LetheError('limit-exceeded', 'an Avro header of more than 16 MiB')
    }
  }
}

function splitHeader(bytes: Uint8Array): HeaderParts {
  const cursor = new ByteCursor(bytes)
  if (!equalBytes(cursor.readBytes(Math.min(magic.length, bytes.length)), magic)) {
    throw malformed('it does not begin as it should')
  }
  const metadata = readMetadata(cursor)
  return { metadata, sync: cursor.readBytes(syncBytes).slice(), sizeBytes: cursor.position }
}

function readMetadata(cursor: ByteCursor): Map<string, Uint8Array> {
  const metadata = new Map<string, Uint8Array>()
  for (let count = cursor.readLong(); count !== 0; count = cursor.readLong()) {
    // A negative count says that the block's size in bytes follows.
    const end = count < 0 ? cursor.readCount() + cursor.position : undefined
    const entries = count < 0 ? -count : count
    if (entries > cursor.remaining) throw malformed('the header has more metadata than bytes')
    for (let entry = 0; entry < entries; entry += 1) {
      const name = decodeText(cursor.readBytes(cursor.readCount()))
      if (metadata.has(name)) throw malformed('the header has a name twice')
      metadata.set(name, cursor.readBytes(cursor.readCount()))
    }
    if (end !== undefined && cursor.position !== end) throw malformed('the metadata does not fill its size')
  }
  return metadata
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('a text of the header is not UTF-8')
  }
}

/** One block: `start..end` in the file, its count, size and sync marker among it. */
export interface Block {
  readonly start: number
  readonly end: number
  readonly rows: number
  /** As stored, compressed by the file's codec. */
  readonly stored: Uint8Array
}

/**
 * The blocks that lie at `start..end`, which must be whole ones, in order. One is held in memory at a time.
 *
 * @throws LetheError `malformed`, `limit-exceeded`
 */
export async function* readBlocks(
  source: RangeSource,
  { sync, start, end, signal }: { sync: Uint8Array; start: number; end: number; signal?: AbortSignal | undefined },
): AsyncGenerator<Block> {
  const input = new Window(chunksOf(source, { start, end, ...(signal === undefined ? {} : { signal }) }))
  for (let position = start; position < end; ) {
    await input.fill(Math.min(maxCountBytes, end - position))
    const cursor = new ByteCursor(input.bytes.subarray(0, end - position))
    const rows = cursor.readLong()
    const size = cursor.readLong()
    if (typeof rows === 'bigint' || rows < 0) throw malformed('a block has an impossible count of rows', { position })
    const length = cursor.position + Number(size) + syncBytes
    if (size < 0 || position + length > end) throw malformed('a block does not fit into the file', { position })
    if (size > maxBlockBytes) throw tooLarge(maxBlockBytes)
    await input.fill(length)
    const stored = input.bytes.subarray(cursor.position, length - syncBytes)
    if (!equalBytes(input.bytes.subarray(length - syncBytes, length), sync)) {
      throw malformed('a block does not end with the sync marker of the file', { position })
    }
    yield { start: position, end: position + length, rows, stored }
    input.skip(length)
    position += length
  }
}

/** The most that a count and a size take. */
const maxCountBytes = 20

/** The bytes of a stream from some position on, as many as are asked for. */
class Window {
  readonly #chunks: AsyncIterator<Uint8Array>
  bytes: Uint8Array = new Uint8Array(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Afterwards `bytes` has at least `length` bytes; the caller knows that the stream is that long. */
  async fill(length: number): Promise<void> {
    if (this.bytes.length >= length) return
    const pieces = [this.bytes]
    for (let held = this.bytes.length; held < length; ) {
      const next = await this.#chunks.next()
      if (next.done === true) throw new LetheError('internal', 'an Avro file ended before its size')
      pieces.push(next.value)
      held += next.value.length
    }
    this.bytes = Buffer.concat(pieces)
  }

  skip(length: number): void {
    this.bytes = this.bytes.subarray(length)
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
