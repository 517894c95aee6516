import Bunzip from 'seek-bzip'
import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { ByteReader, type ByteReaderOptions, damaged, truncated } from './byte-reader.ts'
import type { Codec, Decoded } from './codec.ts'
import { peekSync } from './peek.ts'

/** More than a block of 900,000 bytes can take, at 20 bits for each of its symbols and the tables before them. */
const blockBytes = 4 * 1024 * 1024

/**
 * bzip2: streams of blocks, each with a checksum. No package that is well kept writes it: objects are found in, and
 * refused for erasing.
 */
export const bzip2: Codec = {
  name: 'bzip2',
  ending: /\.(bz2|bzip2)$/i,
  recognise: (head) => (isBzip2(head) ? 'content' : 'no'),
  peekBytes: 1024 * 1024,
  peek: (head) => peekSync(() => firstBlock(head)),
  decode,
}

function isBzip2(head: Uint8Array): boolean {
  const magics = ['314159265359', '177245385090']
  return /^BZh[1-9]$/.test(String.fromCharCode(...head.subarray(0, 4))) && magics.includes(hex(head.subarray(4, 10)))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function firstBlock(head: Uint8Array): Uint8Array {
  const input = new Input(head)
  const output = new Output()
  const reader = new Bunzip(input, output)
  if (reader._init_block()) reader._read_bunzip()
  return output.take()
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const reader = new ByteReader(source, options)
  try {
    while (reader.remaining > 0) {
      const start = reader.position
      const head = await reader.peek(10)
      if (!isBzip2(head)) throw new LetheError('malformed', 'after a bzip2 stream comes something else')
      for await (const bytes of decodeStream(reader)) yield { kind: 'bytes', bytes }
      yield { kind: 'member', start, end: reader.position, names: [] }
    }
  } finally {
    await reader.close()
  }
}

/** Block by block, with as much of the source in memory as one can need. */
async function* decodeStream(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const input = new Input(await reader.peek(blockBytes))
  const output = new Output()
  try {
    const stream = new Bunzip(input, output)
    while (stream._init_block()) {
      stream._read_bunzip()
      yield output.take()
      await reader.take(input.position)
      input.reset(await reader.peek(blockBytes))
    }
    if (stream.reader.read(32) >>> 0 !== stream.streamCRC) throw damaged()
  } catch (error) {
    throw error instanceof TypeError ? damaged(error) : error
  }
  await reader.take(input.position)
}

class Input {
  position = 0
  #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  reset(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.position = 0
  }

  /** The library takes a missing byte for a zero. */
  readByte(): number {
    if (this.position === this.#bytes.length) throw truncated()
    this.position += 1
    return this.#bytes[this.position - 1]!
  }

  read(buffer: Uint8Array, offset: number, length: number): number {
    for (let index = 0; index < length; index += 1) buffer[offset + index] = this.readByte()
    return length
  }
}

/** A block can become 51 times longer by its run lengths, and is bounded by that. */
class Output {
  #bytes = new Uint8Array(1024 * 1024)
  #size = 0

  writeByte(byte: number): void {
    if (this.#size === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#size)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#size] = byte
    this.#size += 1
  }

  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#size)
    this.#size = 0
    return bytes
  }
}
