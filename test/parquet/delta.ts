/**
 * DELTA_BINARY_PACKED integers in the plain way, with arithmetic that wraps at the type's width: DuckDB writes unsigned
 * 32-bit columns with deltas and a first value of 33 bits, which hyparquet cuts off.
 *
 * Source: https://github.com/apache/parquet-format/blob/master/Encodings.md
 */
export function decodeDelta(bytes: Uint8Array, start: number, bits: 32 | 64): bigint[] {
  let position = start
  const byte = (): number => {
    const value = bytes[position]
    if (value === undefined) throw new RangeError('delta: end of bytes')
    position += 1
    return value
  }
  const varint = (): bigint => {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const part = byte()
      result |= BigInt(part & 127) << shift
      if (part < 128) return result
    }
    throw new RangeError('delta: varint too long')
  }
  const zigzag = (value: bigint): bigint => (value >> 1n) ^ -(value & 1n)

  const blockSize = Number(varint())
  const miniblocks = Number(varint())
  const count = Number(varint())
  let value = zigzag(varint())
  const perMiniblock = blockSize / miniblocks
  if (!Number.isInteger(perMiniblock) || count > 20_000_000) throw new RangeError('delta: impossible header')
  const values: bigint[] = count === 0 ? [] : [BigInt.asIntN(bits, value)]
  while (values.length < count) {
    const minDelta = zigzag(varint())
    const widths = Array.from({ length: miniblocks }, byte)
    for (const width of widths) {
      if (values.length >= count) break
      if (width > 64) throw new RangeError('delta: impossible width')
      const packed = bytes.subarray(position, position + (perMiniblock * width) / 8)
      position += packed.length
      for (let index = 0; index < perMiniblock && values.length < count; index += 1) {
        value += minDelta + unpack(packed, index * width, width)
        values.push(BigInt.asIntN(bits, value))
      }
    }
  }
  return values
}

function unpack(packed: Uint8Array, firstBit: number, width: number): bigint {
  let result = 0n
  for (let bit = 0; bit < width; bit += 1) {
    const at = firstBit + bit
    if (((packed[at >> 3] ?? 0) >> (at & 7)) & 1) result |= 1n << BigInt(bit)
  }
  return result
}
