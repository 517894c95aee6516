import { compressSync, uncompressSync } from 'lz4-napi'
import xxhash from 'xxhash-wasm'
import { LetheError } from '../../domain/error.ts'
import { bytesSource, type RangeSource } from '../range-source.ts'
import { blocksOf } from './blocks-of.ts'
import { ByteReader, type ByteReaderOptions, damaged } from './byte-reader.ts'
import type { Codec, Decoded, Like } from './codec.ts'
import { afterSkippable, skipSkippableFrame } from './skippable-frame.ts'

const magic = 0x184d2204
const flag = {
  version: 0xc0,
  isIndependent: 0x20,
  blockChecksum: 0x10,
  contentSize: 8,
  contentChecksum: 4,
  reserved: 2,
  dictionary: 1,
}
/** Of a block's length: it is stored as it is. */
const stored = 0x80000000
/** How far back a block may refer to those before it. */
const historyBytes = 64 * 1024
const { create32, h32Raw } = await xxhash()

/**
 * LZ4 frames (frame format 1.6): blocks, with checksums where the header says so. Written with the fast compressor of
 * the library; it has no other, so that a frame of `lz4 -9` becomes larger.
 */
export const lz4: Codec = {
  name: 'lz4',
  ending: /\.lz4$/i,
  recognise: (head) => (isLz4(afterSkippable(head)) ? 'content' : 'no'),
  peekBytes: 4 * 1024 * 1024 + 64,
  peek: firstBlock,
  decode,
  encode,
}

function isLz4(head: Uint8Array): boolean {
  return head.length >= 4 && Buffer.from(head.subarray(0, 4)).readUInt32LE() === magic
}

async function firstBlock(head: Uint8Array): Promise<Uint8Array> {
  const bytes = afterSkippable(head)
  const parts: Uint8Array[] = []
  try {
    for await (const decoded of decode(bytesSource(bytes), {})) {
      if (decoded.kind !== 'bytes') continue
      parts.push(decoded.bytes)
      if (decoded.bytes.length > 0) break
    }
  } catch {
    // Ends too early, as it must, or is damaged: that is told when the object is searched.
  }
  return Buffer.concat(parts)
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    while (reader.remaining > 0) {
      if (await skipSkippableFrame(reader)) continue
      const start = reader.position
      for await (const bytes of decodeFrame(reader)) yield { kind: 'bytes', bytes }
      yield { kind: 'member', start, end: reader.position, names: [] }
    }
  } finally {
    await reader.close()
  }
}

interface FrameHeader {
  readonly flags: number
  /** Code of the greatest length of a block. */
  readonly blockCode: number
  readonly contentBytes: number | undefined
}

async function readHeader(reader: ByteReader): Promise<FrameHeader> {
  if (!isLz4(await reader.peek(4))) throw new LetheError('malformed', 'after an LZ4 frame comes something else')
  await reader.take(4)
  const descriptor = Buffer.from(await reader.peek(2))
  if (descriptor.length < 2) throw damaged()
  const flags = descriptor[0]!
  const blockCode = (descriptor[1]! >>> 4) & 7
  if ((flags & flag.version) !== 0x40 || (flags & flag.reserved) !== 0 || blockCode < 4) throw damaged()
  if ((flags & flag.dictionary) !== 0) {
    throw new LetheError('unsupported', 'is compressed with a dictionary that is elsewhere')
  }
  const hasSize = (flags & flag.contentSize) !== 0
  const fields = Buffer.from(await reader.take(hasSize ? 10 : 2))
  if ((await reader.take(1))[0] !== headerCheck(fields)) throw damaged()
  return { flags, blockCode, contentBytes: hasSize ? Number(fields.readBigUInt64LE(2)) : undefined }
}

function headerCheck(fields: Uint8Array): number {
  return (h32Raw(fields) >>> 8) & 0xff
}

function maxBlockBytesOf({ blockCode }: FrameHeader): number {
  return 2 ** (8 + 2 * blockCode)
}

async function* decodeFrame(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const header = await readHeader(reader)
  const maxBlockBytes = maxBlockBytesOf(header)
  const isLinked = (header.flags & flag.isIndependent) === 0
  const content = create32()
  let history = Buffer.alloc(0)
  let contentBytes = 0
  for (;;) {
    const word = Buffer.from(await reader.take(4)).readUInt32LE()
    if (word === 0) break
    const length = word % stored
    if (length > maxBlockBytes) throw damaged()
    const block = Buffer.from(await reader.take(length))
    if ((header.flags & flag.blockChecksum) !== 0) await requireChecksum(reader, h32Raw(block))
    const bytes = word >= stored ? block : uncompress(block, { maxBlockBytes, history })
    if (isLinked) history = Buffer.from(Buffer.concat([history, bytes]).subarray(-historyBytes))
    content.update(bytes)
    contentBytes += bytes.length
    yield bytes
  }
  if ((header.flags & flag.contentChecksum) !== 0) await requireChecksum(reader, content.digest())
  if (header.contentBytes !== undefined && header.contentBytes !== contentBytes) throw damaged()
}

async function requireChecksum(reader: ByteReader, computed: number): Promise<void> {
  if (Buffer.from(await reader.take(4)).readUInt32LE() !== computed >>> 0) throw damaged()
}

/** The library takes the length of the content, or an upper bound of it, before a block. */
function uncompress(block: Buffer, { maxBlockBytes, history }: { maxBlockBytes: number; history: Buffer }): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32LE(maxBlockBytes)
  try {
    return uncompressSync(Buffer.concat([prefix, block]), history.length === 0 ? null : history)
  } catch (error) {
    throw damaged(error)
  }
}

/** The header of the source, with blocks that are independent: every decompressor reads these. */
async function* encode(
  stream: AsyncIterable<Uint8Array>,
  { source, unit, streamBytes }: Like,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source, { start: unit.start, end: unit.end, chunkBytes: 4096 })
  const header = await readHeader(reader)
  await reader.close()
  const flags = header.flags | flag.isIndependent
  yield headerBytes({ ...header, flags }, streamBytes)
  const content = create32()
  for await (const bytes of blocksOf(stream, maxBlockBytesOf(header))) {
    content.update(bytes)
    const compressed = compressSync(bytes).subarray(4)
    const block = compressed.length < bytes.length ? compressed : bytes
    yield word(block === bytes ? block.length + stored : block.length)
    yield block
    if ((flags & flag.blockChecksum) !== 0) yield word(h32Raw(block))
  }
  yield word(0)
  if ((flags & flag.contentChecksum) !== 0) yield word(content.digest())
}

function headerBytes({ flags, blockCode, contentBytes }: FrameHeader, streamBytes: number): Buffer {
  const size = Buffer.alloc(contentBytes === undefined ? 0 : 8)
  if (size.length > 0) size.writeBigUInt64LE(BigInt(streamBytes))
  const fields = Buffer.concat([Buffer.of(flags, blockCode << 4), size])
  return Buffer.concat([word(magic), fields, Buffer.of(headerCheck(fields))])
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
