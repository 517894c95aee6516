import { compressSync, uncompressSync } from 'lz4-napi'
import { malformed } from './malformed.ts'

/** The library puts the uncompressed length, 4 bytes little-endian, before a block; Parquet does not. */
const prefixBytes = 4

/** A raw LZ4 block (codec LZ4_RAW). The caller has checked that `uncompressedBytes` is plausible. */
export function decompressLz4(block: Uint8Array, uncompressedBytes: number): Uint8Array {
  const prefixed = Buffer.allocUnsafe(prefixBytes + block.length)
  prefixed.writeUInt32LE(uncompressedBytes, 0)
  prefixed.set(block, prefixBytes)
  return uncompressSync(prefixed)
}

export function compressLz4(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return compressSync(buffer).subarray(prefixBytes)
}

/**
 * The codec LZ4 of old writers: frames of Hadoop, each the uncompressed and the compressed length (4 bytes big-endian)
 * and a block. Some writers stored a raw block under the same name; told apart by whether the frames add up.
 */
export function decompressLz4Hadoop(stored: Uint8Array, uncompressedBytes: number): Uint8Array {
  const frames = hadoopFrames(stored, uncompressedBytes)
  if (frames === undefined) return decompressLz4(stored, uncompressedBytes)
  const result = new Uint8Array(uncompressedBytes)
  let position = 0
  for (const { block, uncompressedBytes: length } of frames) {
    const bytes = decompressLz4(block, length)
    if (bytes.length !== length) throw malformed('an LZ4 frame has another length than it says')
    result.set(bytes, position)
    position += length
  }
  return result
}

export function compressLz4Hadoop(bytes: Uint8Array): Uint8Array {
  const block = compressLz4(bytes)
  const framed = Buffer.allocUnsafe(8 + block.length)
  framed.writeUInt32BE(bytes.length, 0)
  framed.writeUInt32BE(block.length, 4)
  framed.set(block, 8)
  return framed
}

interface HadoopFrame {
  readonly block: Uint8Array
  readonly uncompressedBytes: number
}

/** The frames, undefined where the lengths do not add up to both totals. */
export function hadoopFrames(stored: Uint8Array, uncompressedBytes: number): HadoopFrame[] | undefined {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  const frames: HadoopFrame[] = []
  let position = 0
  let total = 0
  while (position + 8 <= stored.length) {
    const length = view.getUint32(position)
    const end = position + 8 + view.getUint32(position + 4)
    total += length
    if (end > stored.length || total > uncompressedBytes) return undefined
    frames.push({ block: stored.subarray(position + 8, end), uncompressedBytes: length })
    position = end
  }
  return position === stored.length && total === uncompressedBytes ? frames : undefined
}
