import snappy from 'snappy'
import type { RangeSource } from '../range-source.ts'
import { blocksOf } from './blocks-of.ts'
import { ByteReader, type ByteReaderOptions, damaged } from './byte-reader.ts'
import type { Codec, Decoded } from './codec.ts'
import { peekSync } from './peek.ts'
import { snappyLength } from './snappy-length.ts'

/** Hadoop's own is 256 KiB; what is much larger is no length. */
const maxBlockBytes = 64 * 1024 * 1024

/** What is left of an object without content, so that it is one of this compression still. */
const emptyBlock = Buffer.alloc(4)

/**
 * Snappy as Hadoop frames it: the length of a block, then chunks that make it up, each with its compressed length
 * (4 bytes big-endian). There are neither marks nor checksums: only a name tells it, and lengths that agree.
 */
export const snappyHadoop: Codec = {
  name: 'snappy-hadoop',
  ending: /\.snappy$/i,
  recognise: (head) => (beginsWithBlock(head) ? 'name' : 'no'),
  peek: (head) => peekSync(() => firstChunk(Buffer.from(head))),
  decode,
  async *encode(stream, { source, unit, streamBytes }) {
    const length = Buffer.from(await source.read(unit.start, unit.start + 4)).readUInt32BE()
    for await (const block of blocksOf(stream, Math.max(1, length))) {
      const compressed = snappy.compressSync(block)
      const head = Buffer.alloc(8)
      head.writeUInt32BE(block.length, 0)
      head.writeUInt32BE(compressed.length, 4)
      yield Buffer.concat([head, compressed])
    }
    if (streamBytes === 0) yield emptyBlock
  },
}

function beginsWithBlock(head: Uint8Array): boolean {
  if (emptyBlock.equals(head)) return true
  if (head.length < 9) return false
  const bytes = Buffer.from(head.subarray(0, 16))
  const [blockBytes, compressedBytes] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)]
  if (blockBytes === 0 || blockBytes > maxBlockBytes || compressedBytes > maxBlockBytes) return false
  return peekSync(() => Buffer.of(snappyLength(bytes.subarray(8)) <= blockBytes ? 1 : 0))[0] === 1
}

function firstChunk(head: Buffer): Uint8Array {
  const end = 8 + head.readUInt32BE(4)
  return uncompress(head.subarray(8, end), head.readUInt32BE(0))
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    while (reader.remaining > 0) {
      const start = reader.position
      const blockBytes = Buffer.from(await reader.take(4)).readUInt32BE()
      if (blockBytes > maxBlockBytes) throw damaged()
      for (let left = blockBytes; left > 0; ) {
        const compressedBytes = Buffer.from(await reader.take(4)).readUInt32BE()
        if (compressedBytes > maxBlockBytes) throw damaged()
        const bytes = uncompress(Buffer.from(await reader.take(compressedBytes)), left)
        left -= bytes.length
        yield { kind: 'bytes', bytes }
      }
      yield { kind: 'member', start, end: reader.position, names: [] }
    }
  } finally {
    await reader.close()
  }
}

function uncompress(chunk: Buffer, maxBytes: number): Buffer {
  const length = snappyLength(chunk)
  if (length === 0 || length > maxBytes) throw damaged()
  try {
    return snappy.uncompressSync(chunk) as Buffer
  } catch (error) {
    throw damaged(error)
  }
}
