import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { ids } from './ids.ts'
import type { Leaf } from './leaves.ts'
import { integer, type Tree } from './thrift-tree.ts'

/** Codes of parquet.thrift. */
export const levelEncodings = { rle: 3, bitPacked: 4 } as const

/** Levels of a V1 page as the hybrid of runs and bit-packed groups, behind its length. */
export function hybridLevels(levels: readonly number[], max: number): Uint8Array {
  const writer = new ByteWriter()
  writeRleBitPackedHybrid(writer, [...levels], bitWidthOf(max))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(writer.offset)
  return Buffer.concat([length, writer.getBytes()])
}

/** Levels in the deprecated encoding BIT_PACKED: without a length, the most significant bit of each byte first. */
export function bitPackedLevels(levels: readonly number[], max: number): Uint8Array {
  const bits = levels.map((level) => level.toString(2).padStart(bitWidthOf(max), '0')).join('')
  return Uint8Array.from(bits.match(/.{1,8}/g) ?? [], (byte) => Number.parseInt(byte.padEnd(8, '0'), 2))
}

/** The body of a V1 page with its levels as hyparquet's page reader knows them, whose levels may be of the old encoding. */
export function withHybridLevels(body: Uint8Array, header: Tree, leaf: Leaf): Uint8Array {
  const count = integer(header, ids.v1.numValues) ?? 0
  const sections: Uint8Array[] = []
  let position = 0
  for (const [max, encodingId] of [
    [leaf.maxRepetition, ids.v1.repetitionEncoding],
    [leaf.maxDefinition, ids.v1.definitionEncoding],
  ] as const) {
    if (max === 0) continue
    const encoding = integer(header, encodingId)
    if (encoding === levelEncodings.bitPacked) {
      const end = position + Math.ceil((count * bitWidthOf(max)) / 8)
      if (end > body.length) throw new RangeError('levels reach beyond their page')
      sections.push(hybridLevels(unpack(body.subarray(position, end), count, bitWidthOf(max)), max))
      position = end
    } else if (encoding === levelEncodings.rle) {
      const end = position + 4 + Buffer.from(body.buffer, body.byteOffset, body.length).readUInt32LE(position)
      sections.push(body.subarray(position, end))
      position = end
    } else throw new RangeError('levels of an encoding that levels cannot have')
  }
  return Buffer.concat([...sections, body.subarray(position)])
}

export function hasBitPackedLevels(header: Tree, leaf: Leaf): boolean {
  const isOld = (id: number): boolean => integer(header, id) === levelEncodings.bitPacked
  return (
    (leaf.maxRepetition > 0 && isOld(ids.v1.repetitionEncoding)) ||
    (leaf.maxDefinition > 0 && isOld(ids.v1.definitionEncoding))
  )
}

function unpack(bytes: Uint8Array, count: number, bitWidth: number): number[] {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return Array.from({ length: count }, (_, index) =>
    Number.parseInt(bits.slice(index * bitWidth, (index + 1) * bitWidth), 2),
  )
}

function bitWidthOf(max: number): number {
  return 32 - Math.clz32(max)
}
