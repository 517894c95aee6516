import { crc32 } from 'node:zlib'
import { LetheError } from '../../domain/error.ts'
import type { RangeSource } from '../range-source.ts'
import { damaged, truncated } from './byte-reader.ts'

/** Parts of an xz file (format specification 1.2.0). */
export const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])
const headerBytes = 12
const footerBytes = 12
/** A file of 100 million blocks; an index is held in memory. */
const maxIndexBytes = 64 * 1024 * 1024

export interface XzStream {
  readonly start: number
  readonly end: number
}

/**
 * The streams in a range, in order. They are told from the end: the footer has the size of the index, the index those
 * of the blocks. Zeros between them are padding.
 *
 * @throws LetheError `malformed`, `limit-exceeded`
 */
export async function xzStreams(source: RangeSource, { start, end }: XzStream): Promise<XzStream[]> {
  const streams: XzStream[] = []
  for (let at = await paddingStart(source, start, end); at > start; at = await paddingStart(source, start, at)) {
    const first = await streamStart(source, start, at)
    streams.push({ start: first, end: at })
    at = first
  }
  return streams.reverse()
}

async function paddingStart(source: RangeSource, start: number, end: number): Promise<number> {
  let at = end
  while (at - start >= 4) {
    const word = Buffer.from(await source.read(at - 4, at))
    if (word.readUInt32LE() !== 0) break
    at -= 4
  }
  return at
}

async function streamStart(source: RangeSource, start: number, end: number): Promise<number> {
  if (end - start < headerBytes + footerBytes) throw truncated()
  const footer = Buffer.from(await source.read(end - footerBytes, end))
  if (footer.toString('latin1', 10) !== 'YZ' || footer.readUInt32LE(0) !== crc32(footer.subarray(4, 10)))
    throw truncated()
  const indexBytes = (footer.readUInt32LE(4) + 1) * 4
  const indexStart = end - footerBytes - indexBytes
  if (indexBytes > maxIndexBytes) throw new LetheError('limit-exceeded', 'has an xz index of more than 64 MiB')
  if (indexStart < start + headerBytes) throw damaged()
  const first =
    indexStart - blocksBytes(Buffer.from(await source.read(indexStart, indexStart + indexBytes))) - headerBytes
  if (first < start || !xzMagic.equals(await source.read(first, first + xzMagic.length))) throw damaged()
  return first
}

/** Length of all blocks together: each is padded to a multiple of four. */
function blocksBytes(index: Buffer): number {
  if (index.readUInt32LE(index.length - 4) !== crc32(index.subarray(0, -4)) || index[0] !== 0) throw damaged()
  const cursor = { at: 1 }
  let total = 0
  for (let records = readSize(index, cursor); records > 0; records -= 1) {
    total += Math.ceil(readSize(index, cursor) / 4) * 4
    readSize(index, cursor)
  }
  return total
}

/** Seven bits a byte, the low ones first; a safe integer. */
export function readSize(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0
  for (let factor = 1; factor < Number.MAX_SAFE_INTEGER; factor *= 128) {
    const byte = bytes[cursor.at]
    if (byte === undefined) throw damaged()
    cursor.at += 1
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
  }
  throw damaged()
}
