import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compress, compressAside, decompress, decompressAside, release } from './codecs.ts'
import { hadoopFrames } from './lz4.ts'
import { type CompressionCodec, compressionCodecs } from './metadata-enums.ts'

const readable = compressionCodecs.filter((codec) => codec !== 'LZO')

describe('codecs', () => {
  it.each(readable)('%s: what was compressed comes back', (codec) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 50 }), (part, times) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => part))
        expect(bytes.equals(decompress(codec, compress(codec, bytes), bytes.length))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it.each(readable)('%s: another thread makes the same bytes, and refuses the same', async (codec) => {
    const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, index) => `row ${index % 977} `).join(''))
    const stored = compress(codec, bytes)
    expect(Buffer.compare(await compressAside(codec, bytes), stored)).toBe(0)
    expect(Buffer.compare(await decompressAside(codec, stored, bytes.length), bytes)).toBe(0)
    for (const part of [stored.subarray(0, stored.length >> 1), new Uint8Array(stored.length - 1).fill(0xff)]) {
      await expect(decompressAside(codec, part, bytes.length)).rejects.toThrow('damaged Parquet')
    }
    await expect(decompressAside(codec, stored, bytes.length + 1)).rejects.toThrow('damaged Parquet')
  })

  it.each(readable)('%s: released memory is gone, but never that of which it was made', (codec) => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
    const stored = compress(codec, bytes)
    const made = decompress(codec, stored, bytes.length)
    release(made, stored)
    release(stored, bytes)
    expect(made).toHaveLength(codec === 'UNCOMPRESSED' ? bytes.length : 0)
    expect(bytes[300]).toBe(49)
  })

  it.each(readable)('%s: a page that is longer or shorter than its header says is refused', (codec) => {
    const stored = compress(codec, new Uint8Array(1000).fill(7))
    for (const size of [999, 1001, 0]) expect(() => decompress(codec, stored, size)).toThrow('damaged Parquet')
  })

  it.each(readable)('%s: bytes that are no stream, or the half of one, are refused', (codec) => {
    const stored = compress(codec, Buffer.from('some text, some text, some text'))
    for (const bytes of [stored.subarray(0, stored.length >> 1), new Uint8Array(30).fill(0xff)]) {
      expect(() => decompress(codec, bytes, 31)).toThrow('damaged Parquet')
    }
  })

  it('refuses a size that the stored bytes cannot reach, without allocating it', () => {
    const before = process.memoryUsage().arrayBuffers
    for (const codec of ['SNAPPY', 'GZIP', 'LZ4', 'LZ4_RAW', 'UNCOMPRESSED', 'ZSTD', 'BROTLI'] as CompressionCodec[]) {
      expect(() => decompress(codec, new Uint8Array(20), 900_000_000)).toThrow('announces more')
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000)
  })

  it('refuses a snappy preamble that contradicts the header', () => {
    expect(() => decompress('SNAPPY', Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]), 100)).toThrow(
      'contradicts',
    )
  })

  it('refuses LZO by name', () => {
    expect(() => decompress('LZO', new Uint8Array(3), 3)).toThrow('LZO')
  })

  it('takes nothing at all for an empty page', () => {
    for (const codec of readable) expect(decompress(codec, new Uint8Array(0), 0)).toHaveLength(0)
  })

  it('reads concatenated gzip members and refuses other bytes behind them', () => {
    const two = Buffer.concat([gzipSync('ab'), gzipSync('cd')])
    expect(Buffer.from(decompress('GZIP', two, 4)).toString()).toBe('abcd')
    expect(() => decompress('GZIP', deflateSync('abcd'), 4)).toThrow('decompressed')
  })

  it('tells Hadoop frames of LZ4 from a raw block', () => {
    const bytes = new Uint8Array(5000).fill(3)
    const raw = compress('LZ4_RAW', bytes)
    expect(hadoopFrames(compress('LZ4', bytes), 5000)).toHaveLength(1)
    expect(hadoopFrames(raw, 5000)).toBeUndefined()
    expect(decompress('LZ4', raw, 5000)).toEqual(bytes)
  })
})
