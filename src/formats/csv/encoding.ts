import { isUtf8 } from 'node:buffer'
import { LetheError } from '../../domain/error.ts'
import type { EncodingName } from './options.ts'

/** Bytes of an 8-bit encoding, or code units of UTF-16. */
export type Units = Uint8Array | Uint16Array

/** How the bytes of an object are read. `unmarked` is 8-bit without a byte-order mark: UTF-8 unless a cell is none. */
export interface Encoding {
  readonly name: EncodingName | 'unmarked'
  readonly unitBytes: 1 | 2
  readonly markBytes: number
}

const marks: readonly { readonly name: EncodingName; readonly bytes: readonly number[] }[] = [
  { name: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { name: 'utf-16le', bytes: [0xff, 0xfe] },
  { name: 'utf-16be', bytes: [0xfe, 0xff] },
]
const utf32Marks = [
  [0xff, 0xfe, 0, 0],
  [0, 0, 0xfe, 0xff],
]

/**
 * The encoding of an object by its first bytes: a byte-order mark, what is given, or the NULs that UTF-16 puts beside
 * every ASCII character.
 *
 * @throws LetheError `unsupported` where it cannot be told.
 */
export function encodingOf(head: Uint8Array, given: EncodingName | undefined): Encoding {
  if (utf32Marks.some((mark) => startsWith(head, mark))) throw new LetheError('unsupported', 'UTF-32 is not read')
  const mark = marks.find(({ bytes }) => startsWith(head, bytes))
  if (mark !== undefined) return encoding(mark.name, mark.bytes.length)
  return encoding(given ?? nameByNuls(firstLine(head)), 0)
}

function encoding(name: Encoding['name'], markBytes: number): Encoding {
  return { name, unitBytes: name === 'utf-16le' || name === 'utf-16be' ? 2 : 1, markBytes }
}

/** The first line, up to the second byte of its end: what comes after may be in any script. */
function firstLine(head: Uint8Array): Uint8Array {
  const end = head.findIndex((byte, index) => index > 1 && (byte === 0x0a || byte === 0x0d))
  return end === -1 ? head : head.subarray(0, end + 2 - (end % 2))
}

function nameByNuls(sample: Uint8Array): Encoding['name'] {
  if (!sample.includes(0)) return 'unmarked'
  const pairs = sample.length >>> 1
  const nuls = [0, 0]
  for (let index = 0; index < 2 * pairs; index += 1) if (sample[index] === 0) nuls[index & 1]! += 1
  if (nuls[0] === 0 && nuls[1] === pairs) return 'utf-16le'
  if (nuls[1] === 0 && nuls[0] === pairs) return 'utf-16be'
  throw new LetheError('unsupported', 'holds NUL bytes and no byte-order mark; give the encoding')
}

/** The bytes as units; a whole number of them. Copies where they cannot be looked at as they lie. */
export function unitsOf(bytes: Uint8Array, { name, unitBytes }: Encoding): Units {
  // Always of one class: a parser that meets Buffers and Uint8Arrays runs at half the speed.
  if (unitBytes === 1) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const isLittleEndian = name === 'utf-16le'
  if (isLittleEndian && bytes.byteOffset % 2 === 0) {
    return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 1)
  }
  const copy = Buffer.from(new ArrayBuffer(bytes.length & ~1))
  copy.set(bytes.subarray(0, copy.length))
  if (!isLittleEndian) copy.swap16()
  return new Uint16Array(copy.buffer, copy.byteOffset, copy.length >>> 1)
}

/** What a run of units says; undefined where the units are no text of the encoding. */
export function textOf(units: Units, start: number, end: number, { name }: Encoding): string | undefined {
  const bytes = bytesOf(units, start, end)
  if (units.BYTES_PER_ELEMENT === 2) return bytes.toString('utf16le')
  if (name === 'latin1') return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString() : undefined
}

export function bytesOf(units: Units, start: number, end: number): Buffer {
  const width = units.BYTES_PER_ELEMENT
  return Buffer.from(units.buffer, units.byteOffset + start * width, (end - start) * width)
}

/**
 * Whether the bytes, which are not UTF-8, can be Latin-1: it has no printing characters at 0x80 to 0x9f, where the
 * encodings that are taken for it have letters.
 */
export function canBeLatin1(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80 || byte > 0x9f)
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte)
}
