import { crc32 } from 'node:zlib'
import { LetheError } from '../../domain/error.ts'
import { type ByteReader, damaged } from './byte-reader.ts'

/** The header of a gzip member (RFC 1952, section 2.3). */
export interface GzipHeader {
  /** All its bytes: magic to the last optional field. */
  readonly bytes: Uint8Array
  /** XFL: 2 for the slowest level, 4 for the fastest. */
  readonly extraFlags: number
  readonly extra: Uint8Array | undefined
  /** The original file's name and the comment, as they may tell of a person. */
  readonly names: readonly string[]
}

const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }
/** More than any file system allows for a name. */
const maxTextBytes = 64 * 1024

export function isGzip(head: Uint8Array): boolean {
  return head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8
}

/** @throws LetheError `malformed`, `unsupported` */
export async function readGzipHeader(reader: ByteReader): Promise<GzipHeader> {
  const parts: Buffer[] = [Buffer.from(await reader.take(10))]
  const [fixed] = parts
  if (!isGzip(fixed!)) throw new LetheError('malformed', 'after a gzip member comes something else')
  const flags = fixed![3]!
  if ((flags & flag.reserved) !== 0)
    throw new LetheError('unsupported', 'a gzip member has flags that have no meaning yet')
  let extra: Buffer | undefined
  if ((flags & flag.extra) !== 0) {
    const length = Buffer.from(await reader.take(2))
    extra = Buffer.from(await reader.take(length.readUInt16LE()))
    parts.push(length, extra)
  }
  const names: string[] = []
  for (const field of [flag.name, flag.comment]) {
    if ((flags & field) === 0) continue
    const text = await readText(reader)
    parts.push(text)
    // The RFC says Latin-1, gzip writes the bytes of the file system: UTF-8 mostly.
    names.push(text.toString('latin1', 0, text.length - 1), text.toString('utf8', 0, text.length - 1))
  }
  if ((flags & flag.headerCrc) !== 0) {
    const crc = Buffer.from(await reader.take(2))
    if (crc.readUInt16LE() !== (crc32(Buffer.concat(parts)) & 0xffff)) throw damaged()
    parts.push(crc)
  }
  return { bytes: Buffer.concat(parts), extraFlags: fixed![8]!, extra, names }
}

async function readText(reader: ByteReader): Promise<Buffer> {
  for (let length = 64; ; length *= 2) {
    const bytes = await reader.peek(length)
    const end = bytes.indexOf(0)
    if (end !== -1) return Buffer.from(await reader.take(end + 1))
    if (bytes.length < length || length > maxTextBytes) throw damaged()
  }
}
