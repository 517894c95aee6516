import makeXxhash from 'xxhash-wasm'
import type { RangeSource } from '../../range-source.ts'
import type { ColumnChunkInfo } from '../column-chunk.ts'
import { BloomFilterHeader } from '../metadata.ts'
import type { ThriftStruct } from '../thrift.ts'
import { type FieldDefinition, getField, requireField } from '../thrift-fields.ts'
import { readThrift } from '../thrift-reader.ts'

/**
 * A split-block bloom filter: says that a value is not among a chunk's, or that it may be.
 *
 * Source: BloomFilter.md of the format
 */
export interface BloomFilter {
  /** Whether a value, as PLAIN stores it and without a length, may be there. */
  mayHold(value: Uint8Array): boolean
}

const blockBytes = 32
/** No header of a known writer is longer: four small fields. */
const maxHeaderBytes = 64

/** From parquet.thrift: an odd constant for each of the eight words of a block. */
const salts = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31] as const

/**
 * The bloom filter of a chunk. Undefined where it has none, where it is of a kind that we do not know, or where it is
 * not smaller than the chunk's pages, so that it could save nothing.
 *
 * @throws LetheError `malformed`
 */
export async function readBloomFilter(
  source: RangeSource,
  chunk: ColumnChunkInfo,
  options: { readonly signal?: AbortSignal } = {},
): Promise<BloomFilter | undefined> {
  const extent = chunk.bloomFilter
  if (extent === undefined) return undefined
  const chunkBytes = chunk.end - chunk.start
  const firstEnd = Math.min(extent.end ?? source.size, extent.start + Math.max(maxHeaderBytes, chunkBytes))
  if (extent.end !== undefined && extent.end > firstEnd) return undefined
  const headerEnd = extent.end ?? Math.min(firstEnd, extent.start + maxHeaderBytes)
  const bytes = await source.read(extent.start, headerEnd, options)
  const { struct, end } = readThrift(bytes)
  const numBytes = requireField(struct, BloomFilterHeader.numBytes)
  if (!isKnownBloomFilter(struct) || numBytes <= 0 || numBytes % blockBytes !== 0) return undefined
  if (numBytes > chunkBytes || extent.start + end + numBytes > source.size) return undefined
  const blocks =
    end + numBytes <= bytes.length
      ? bytes.subarray(end, end + numBytes)
      : await source.read(extent.start + end, extent.start + end + numBytes, options)
  return makeFilter(blocks, await hash64())
}

/** Whether a filter is of the one kind that there is: split block, xxHash64, uncompressed. */
export function isKnownBloomFilter(header: ThriftStruct): boolean {
  const isFirst = (union: FieldDefinition<'struct'>) => getField(header, union)?.fields[0]?.id === 1
  return (
    isFirst(BloomFilterHeader.algorithm) && isFirst(BloomFilterHeader.hash) && isFirst(BloomFilterHeader.compression)
  )
}

let xxhash: ReturnType<typeof makeXxhash> | undefined

/** xxHash64 with seed 0, of the bytes that PLAIN stores for a value. */
async function hash64(): Promise<(value: Uint8Array) => bigint> {
  xxhash ??= makeXxhash()
  return (await xxhash).h64Raw
}

function makeFilter(blocks: Uint8Array, hashOf: (value: Uint8Array) => bigint): BloomFilter {
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength)
  return {
    mayHold(value) {
      const { block, masks } = placeOf(hashOf(value), blocks.length)
      return masks.every((mask, word) => (view.getUint32(block + 4 * word, true) & mask) !== 0)
    },
  }
}

/** A filter that values are put into; `blocks` are its bits, at first all 0. */
export interface FillableBloomFilter {
  readonly blocks: Uint8Array
  /** Puts a value in, as PLAIN stores it and without a length. */
  add(value: Uint8Array): void
}

/** An empty filter. @param numBytes a multiple of 32 */
export async function makeBloomFilter(numBytes: number): Promise<FillableBloomFilter> {
  const hashOf = await hash64()
  const blocks = new Uint8Array(numBytes)
  const view = new DataView(blocks.buffer)
  return {
    blocks,
    add(value) {
      const { block, masks } = placeOf(hashOf(value), numBytes)
      for (const [word, mask] of masks.entries()) {
        const at = block + 4 * word
        view.setUint32(at, view.getUint32(at, true) | mask, true)
      }
    },
  }
}

/** Where a hash's block begins, and its bit in each of the block's words. */
function placeOf(hash: bigint, numBytes: number): { block: number; masks: readonly number[] } {
  const block = Number(((hash >> 32n) * BigInt(numBytes / blockBytes)) >> 32n) * blockBytes
  const key = Number(hash & 0xffffffffn)
  return { block, masks: salts.map((salt) => 1 << (Math.imul(key, salt) >>> 27)) }
}
