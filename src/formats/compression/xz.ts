import type { Transform } from 'node:stream'
import lzma from 'lzma-native'
import { LetheError } from '../../domain/error.ts'
import { chunksOf, type RangeSource } from '../range-source.ts'
import { type ByteReaderOptions, damaged, truncated } from './byte-reader.ts'
import type { Codec, Decoded, Like, Unit } from './codec.ts'
import { engineChunkBytes, through } from './engine-stream.ts'
import { readSize, xzMagic, xzStreams } from './xz-structure.ts'

/** The strongest preset of `xz` needs 65 MiB. */
const maxMemoryBytes = 128 * 1024 * 1024
const checks: Readonly<Record<number, lzma.Check>> = { 1: 'CHECK_CRC32', 4: 'CHECK_CRC64', 10: 'CHECK_SHA256' }
/** The preset by the size of its dictionary, in MiB; of two, the one that compresses better. */
const presets: Readonly<Record<number, lzma.Preset>> = { 0.25: 0, 1: 1, 2: 2, 4: 4, 8: 6, 16: 7, 32: 8, 64: 9 }

/** xz: streams of blocks, with checksums and an index. */
export const xz: Codec = {
  name: 'xz',
  ending: /\.xz$/i,
  recognise: (head) => (xzMagic.equals(head.subarray(0, xzMagic.length)) ? 'content' : 'no'),
  peek,
  decode,
  encode,
}

function makeDecoder(): Transform {
  return lzma.createStream('streamDecoder', { memlimit: maxMemoryBytes, bufsize: engineChunkBytes })
}

/** The end is missing, so the library is not asked for it: it would say that the content is damaged, and nothing else. */
async function peek(head: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const decoder = makeDecoder()
  decoder.on('data', (bytes: Uint8Array) => parts.push(bytes))
  await Promise.race([
    new Promise<void>((resolve) => decoder.write(head, () => resolve())),
    new Promise<void>((resolve) => decoder.once('error', () => resolve())),
  ])
  decoder.destroy()
  return Buffer.concat(parts)
}

async function* decode(source: RangeSource, options: ByteReaderOptions): AsyncGenerator<Decoded> {
  const { start = 0, end = source.size, signal } = options
  const call = signal === undefined ? {} : { signal }
  for (const stream of await xzStreams(source, { start, end })) {
    try {
      // In small pieces: the library takes all that a piece decompresses to into memory at once.
      const compressed = chunksOf(source, { ...stream, chunkBytes: pieceBytes, ...call })
      for await (const bytes of through(compressed, makeDecoder())) yield { kind: 'bytes', bytes }
    } catch (error) {
      throw asXzDamage(error)
    }
    yield { kind: 'member', ...stream, names: [] }
  }
}
const pieceBytes = 16 * 1024

function asXzDamage(error: unknown): unknown {
  const { name } = error as { name?: unknown }
  if (name === 'LZMA_MEMLIMIT_ERROR') {
    return new LetheError('limit-exceeded', 'needs more than 128 MiB of memory to be decompressed')
  }
  if (name === 'LZMA_BUF_ERROR') return truncated()
  return typeof name === 'string' && name.startsWith('LZMA_') ? damaged(error) : error
}

async function* encode(stream: AsyncIterable<Uint8Array>, { source, unit }: Like): AsyncGenerator<Uint8Array> {
  const { preset, check } = await settingsOf(source, unit)
  yield* through(stream, lzma.createStream('easyEncoder', { preset, check, bufsize: engineChunkBytes }))
}

/** The check of the stream, and the preset with the dictionary of its first block. */
async function settingsOf(
  source: RangeSource,
  { start, end }: Unit,
): Promise<{ preset: lzma.Preset; check: lzma.Check }> {
  const head = await source.read(start, Math.min(end, start + 64))
  const check = checks[head[7]! & 0x0f] ?? 'CHECK_CRC32'
  const blockFlags = head[13]!
  if (head[12] === 0 || (blockFlags & 3) !== 0) return { preset: 6, check }
  const cursor = { at: 14 }
  if ((blockFlags & 0x40) !== 0) readSize(head, cursor)
  if ((blockFlags & 0x80) !== 0) readSize(head, cursor)
  const [filter, propertyBytes] = [readSize(head, cursor), readSize(head, cursor)]
  if (filter !== 0x21 || propertyBytes !== 1) return { preset: 6, check }
  const bits = head[cursor.at]! & 0x3f
  const dictionaryMebibytes = ((2 | (bits & 1)) * 2 ** ((bits >>> 1) + 11)) / 2 ** 20
  return { preset: presets[dictionaryMebibytes] ?? 6, check }
}
