import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import lzma from 'lzma-native'
import { LetheError } from '../../domain/error.ts'
import { tooLarge } from './refusal.ts'

/** The strongest preset of `xz` needs 65 MiB to decompress; a stream that asks for more than this is refused. */
const maxMemoryBytes = 128 * 1024 * 1024
/** So little at once that not even the best compression makes more of it than a few tens of MiB. */
const sliceBytes = 4 * 1024

/**
 * Decompresses xz streams, checksums verified.
 *
 * @throws LetheError `limit-exceeded` beyond `maxBytes`; an error of the library
 */
export async function decompressXz(stored: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const decoder = lzma.createStream('streamDecoder', { synchronous: true, memlimit: maxMemoryBytes })
  try {
    return await runThrough(decoder, stored, maxBytes)
  } catch (error) {
    if (error instanceof Error && error.name === 'LZMA_MEMLIMIT_ERROR') throw tooHungry()
    throw error
  }
}

/** @param preset 0 to 9, as of the command `xz` */
export async function compressXz(bytes: Uint8Array, preset: number): Promise<Uint8Array> {
  const options = { synchronous: true, preset: preset as lzma.Preset, check: 'CHECK_CRC64' } as const
  return await runThrough(lzma.createStream('easyEncoder', options), bytes, Number.POSITIVE_INFINITY)
}

function tooHungry(): LetheError {
  return new LetheError('limit-exceeded', 'an Avro block whose compression needs more than 128 MiB to be undone')
}

async function runThrough(coder: lzma.JSLzmaStream, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  await pipeline(Readable.from(slicesOf(bytes)), coder, async (output: AsyncIterable<Uint8Array>) => {
    let size = 0
    for await (const piece of output) {
      size += piece.length
      if (size > maxBytes) throw tooLarge(maxBytes)
      pieces.push(piece)
    }
  })
  return Buffer.concat(pieces)
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += sliceBytes) yield bytes.subarray(start, start + sliceBytes)
}
