import { execFileSync } from 'node:child_process'
import { brotliCompressSync, brotliDecompressSync, deflateSync, inflateSync, zstdCompressSync } from 'node:zlib'
import { Compressor, compressSync, Decompressor, uncompressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import { eraseInMemory, searchFor } from '../../../test/erase-in-memory.ts'
import { csv } from '../csv/csv.ts'
import type { DetectableFormat } from '../format.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import { plain } from '../plain.ts'
import { bytesSource } from '../range-source.ts'
import { detectFormat } from '../registry.ts'
import type { Codec } from './codec.ts'
import { codecs } from './codecs.ts'
import { compressed } from './compressed.ts'

const run = (command: string, args: readonly string[], input: Uint8Array | string): Buffer =>
  execFileSync(command, [...args], { input, maxBuffer: 1e9, stdio: ['pipe', 'pipe', 'ignore'] })

interface Case {
  readonly codec: string
  readonly name: string
  /** Made and read by something that shares no code with the codec, where there is such a thing. */
  readonly make: (text: string) => Buffer | Promise<Buffer>
  readonly read: (bytes: Buffer) => string | Promise<string>
  readonly hasMembers: boolean
  readonly hasChecksum: boolean
  readonly isWritten?: false
}

const command = (codec: string, tool: string, args: string[] = []): Case => ({
  codec,
  name: [tool, ...args].join(' '),
  make: (text) => run(tool, ['-c', ...args], text),
  read: (bytes) => run(tool, ['-dc'], bytes).toString(),
  hasMembers: true,
  hasChecksum: true,
})

const cases: Case[] = [
  command('zstd', 'zstd'),
  { ...command('zstd', 'zstd', ['-19', '--no-check']), hasChecksum: false },
  command('zstd', 'zstd', ['--long=24', '-1']),
  { ...command('zstd', 'zstd'), name: 'node', make: (text) => zstdCompressSync(text), hasChecksum: false },
  command('xz', 'xz'),
  command('xz', 'xz', ['-0', '-C', 'crc32']),
  command('xz', 'xz', ['-9', '-C', 'sha256']),
  command('lz4', 'lz4'),
  command('lz4', 'lz4', ['-9', '-B4', '-BD']),
  command('lz4', 'lz4', ['-B5', '-BX', '--content-size']),
  { ...command('lz4', 'lz4', ['--no-frame-crc']), hasChecksum: false },
  { ...command('bzip2', 'bzip2'), isWritten: false },
  { ...command('bzip2', 'bzip2', ['-1']), isWritten: false },
  {
    codec: 'zlib',
    name: 'zlib',
    make: (text) => deflateSync(text),
    read: (bytes) => inflateSync(bytes).toString(),
    hasMembers: false,
    hasChecksum: true,
  },
  {
    codec: 'brotli',
    name: 'brotli',
    make: (text) => brotliCompressSync(text, { params: { 1: 5 } }),
    read: (bytes) => brotliDecompressSync(bytes).toString(),
    hasMembers: false,
    hasChecksum: false,
  },
  {
    codec: 'snappy',
    name: 'snappy frames',
    async make(text) {
      const compressor = new Compressor()
      return Buffer.concat([compressor.update(text), await compressor.finish()])
    },
    async read(bytes) {
      const decompressor = new Decompressor()
      return Buffer.concat([decompressor.update(bytes), await decompressor.finish()]).toString()
    },
    hasMembers: true,
    hasChecksum: true,
  },
  {
    codec: 'snappy-hadoop',
    name: "snappy in Hadoop's blocks",
    make: (text) => Buffer.concat(cut(Buffer.from(text), 262_144).map(hadoopBlock)),
    read: readHadoopBlocks,
    hasMembers: true,
    hasChecksum: false,
  },
]

function cut(bytes: Buffer, length: number): Buffer[] {
  return bytes.length <= length ? [bytes] : [bytes.subarray(0, length), ...cut(bytes.subarray(length), length)]
}

/** As Hadoop's BlockCompressorStream writes it: a block in chunks, here of half its length. */
function hadoopBlock(block: Buffer): Buffer {
  const chunks = cut(block, Math.ceil(block.length / 2)).map((chunk) => compressSync(chunk))
  const length = (bytes: number): Buffer => Buffer.from([bytes >>> 24, bytes >>> 16, bytes >>> 8, bytes])
  return Buffer.concat([length(block.length), ...chunks.flatMap((chunk) => [length(chunk.length), chunk])])
}

function readHadoopBlocks(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const end = text.length + bytes.readUInt32BE(at)
    for (at += 4; text.length < end; at += 4 + bytes.readUInt32BE(at)) {
      text += uncompressSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)), { asBuffer: false })
    }
  }
  return text
}

const line = (id: number): string => `{"id":${id},"text":"some text of ${id}, and ${(id * 7919) % 1009} more"}\n`
const linesOf = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => line(from + at)).join('')
const codecNamed = (name: string): Codec => codecs.find((codec) => codec.name === name)!
const formatOf = (name: string): DetectableFormat => compressed(codecNamed(name), [ndjson])[1]!

describe.each(cases)('$name', ({ codec, make, read, hasMembers, hasChecksum, isWritten = true }) => {
  const format = formatOf(codec)

  test('an erased line is gone, and all others are there', async () => {
    const bytes = await make(linesOf(0, 8000))
    const source = bytesSource(bytes)
    const found = await format.find(source, searchFor([{ id: '4711' }]))
    expect({ rows: [...found.rows], seen: found.rowsSeen }).toEqual({
      rows: [{ start: 4711, end: 4712 }],
      seen: 8000,
    })
    const erased = eraseInMemory(format, bytes, [{ id: '4711' }])
    if (!isWritten) return await expect(erased).rejects.toMatchObject({ code: 'unsupported' })
    expect(await read((await erased).kept)).toBe(linesOf(0, 4711) + linesOf(4712, 8000))
  })

  test.runIf(isWritten)('an object that loses all lines is an empty one of the same compression', async () => {
    const { kept } = await eraseInMemory(format, await make(line(1)), [{ id: '1' }])
    expect(await read(kept)).toBe('')
    expect((await format.find(bytesSource(kept), searchFor([{ id: '1' }]))).rowsSeen).toBe(0)
  })

  test.runIf(hasMembers && isWritten)('members without an erased line stay as they are', async () => {
    const members = await Promise.all([make(linesOf(0, 10)), make(linesOf(10, 20)), make(linesOf(20, 30))])
    const { kept } = await eraseInMemory(format, Buffer.concat(members), [{ id: '15' }])
    expect(kept.subarray(0, members[0]!.length)).toEqual(members[0])
    expect(kept.subarray(-members[2]!.length)).toEqual(members[2])
    expect(await read(kept)).toBe(linesOf(0, 15) + linesOf(16, 30))
    const all = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [at, { id: String(10 + at) }]))
    const without = await eraseInMemory(format, Buffer.concat(members), Object.values(all))
    expect(without.edit.summary.insertedBytes).toBe(0)
    expect(await read(without.kept)).toBe(linesOf(0, 10) + linesOf(20, 30))
  })

  test('every truncation refuses the object', async () => {
    const bytes = await make(linesOf(0, 3))
    for (let length = 11; length < bytes.length; length += 1) {
      const found = format.find(bytesSource(bytes.subarray(0, length)), searchFor([{ id: '1' }]))
      await expect(found).rejects.toMatchObject({ outcome: 'refused' })
    }
  })

  test('something else behind it refuses the object', async () => {
    const bytes = Buffer.concat([await make(line(1)), Buffer.from('{"id":2}\n')])
    await expect(format.find(bytesSource(bytes), searchFor([{ id: '1' }]))).rejects.toMatchObject({
      outcome: 'refused',
    })
  })

  // All of the header's, of the rest each bit of some byte and some bit of each byte.
  test.runIf(hasChecksum)('a flipped bit refuses the object, or changes nothing that is read', async () => {
    const bytes = await make(linesOf(0, 3))
    for (let bit = 0; bit < 8 * bytes.length; bit += bit < 256 ? 1 : 7) {
      const flipped = Buffer.from(bytes)
      flipped[bit >>> 3]! ^= 1 << (bit & 7)
      const outcome = await format.find(bytesSource(flipped), searchFor([{ id: '1' }])).then(
        ({ rows, rowsSeen }) => [[...rows], rowsSeen],
        (error: { outcome?: string }) => error.outcome ?? error,
      )
      expect([[[{ start: 1, end: 2 }], 3], 'refused']).toContainEqual(outcome)
    }
  })

  test('is told from content, or from the name where nothing else tells it', async () => {
    const all = [plain(ndjson), plain(csv()), ...codecs.flatMap((each) => compressed(each, [ndjson, csv()]))]
    const extension =
      { zstd: 'zst', brotli: 'br', bzip2: 'bz2', zlib: 'deflate', 'snappy-hadoop': 'snappy' }[codec] ?? codec
    for (const [text, inner] of [
      [linesOf(0, 5), 'ndjson'],
      ['id,b\n1,2\n', 'csv'],
    ] as const) {
      const source = bytesSource(await make(text))
      expect((await detectFormat(all, { name: `x.csv.${extension}`, source })).name).toBe(`${inner}.${codec}`)
    }
    const large = bytesSource(await make(linesOf(0, 8000)))
    if (!['brotli', 'snappy-hadoop'].includes(codec))
      expect((await detectFormat(all, { name: 'x', source: large })).name).toBe(`ndjson.${codec}`)
  })
})
