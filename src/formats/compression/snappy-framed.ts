import snappy from 'snappy'
import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { blocksOf } from './blocks-of.ts'
import { ByteReader, type ByteReaderOptions, damaged } from './byte-reader.ts'
import type { Codec, Decoded } from './codec.ts'
import { crc32c } from './crc32c.ts'
import { peekSync } from './peek.ts'
import { snappyLength } from './snappy-length.ts'

const identifier = Buffer.from('ff060000734e61507059', 'hex')
const maxChunkBytes = 65_536
const chunk = { compressed: 0x00, uncompressed: 0x01, padding: 0xfe, identifier: 0xff }

/**
 * The framing format of Snappy: chunks of at most 64 KiB, each with a checksum and compressed by itself, so that every
 * one is a member. Padding stays.
 */
export const snappyFramed: Codec = {
  name: 'snappy',
  ending: /\.(sz|snappy)$/i,
  recognise: (head) => (identifier.equals(head.subarray(0, identifier.length)) ? 'content' : 'no'),
  peek: (head) => peekSync(() => firstChunk(head)),
  decode,
  async *encode(stream) {
    for await (const block of blocksOf(stream, maxChunkBytes)) yield chunkOf(block)
  },
}

function firstChunk(head: Uint8Array): Uint8Array {
  const bytes = Buffer.from(head)
  for (let at = 0; at + 4 <= bytes.length; at += 4 + bytes.readUIntLE(at + 1, 3)) {
    const body = bytes.subarray(at + 4, at + 4 + bytes.readUIntLE(at + 1, 3))
    if (bytes[at] === chunk.compressed || bytes[at] === chunk.uncompressed) return contentOf(bytes[at]!, body)
  }
  return bytes.subarray(0, 0)
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    while (reader.remaining > 0) {
      const start = reader.position
      const head = Buffer.from(await reader.take(4))
      const type = head[0]!
      const length = head.readUIntLE(1, 3)
      if (type === chunk.compressed || type === chunk.uncompressed) {
        // Snappy makes a sixth and 32 bytes more of what it cannot compress.
        if (length > 4 + 32 + (maxChunkBytes * 7) / 6) throw damaged()
        yield { kind: 'bytes', bytes: contentOf(type, await reader.take(length)) }
        yield { kind: 'member', start, end: reader.position, names: [] }
      } else if (type < chunk.padding) {
        // Some of these may be passed over by the letter; but nobody writes them, and a damaged row looks like one.
        throw new LetheError('unsupported', 'has a chunk of Snappy whose type has no meaning yet')
      } else {
        if (type === chunk.identifier && !identifier.equals(Buffer.concat([head, await reader.peek(6)])))
          throw damaged()
        for await (const _ of reader.run(length)) {
        }
      }
    }
  } finally {
    await reader.close()
  }
}

function contentOf(type: number, body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body)
  if (bytes.length < 4) throw damaged()
  const content = type === chunk.compressed ? uncompress(bytes.subarray(4)) : bytes.subarray(4)
  if (content.length > maxChunkBytes || masked(crc32c(content)) !== bytes.readUInt32LE(0)) throw damaged()
  return content
}

function uncompress(bytes: Buffer): Buffer {
  if (snappyLength(bytes) > maxChunkBytes) throw damaged()
  try {
    return snappy.uncompressSync(bytes) as Buffer
  } catch (error) {
    throw damaged(error)
  }
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function chunkOf(block: Buffer): Buffer {
  const compressed = snappy.compressSync(block)
  const isSmaller = compressed.length < block.length
  const content = isSmaller ? compressed : block
  const head = Buffer.alloc(8)
  head[0] = isSmaller ? chunk.compressed : chunk.uncompressed
  head.writeUIntLE(4 + content.length, 1, 3)
  head.writeUInt32LE(masked(crc32c(block)), 4)
  return Buffer.concat([head, content])
}
