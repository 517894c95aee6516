import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Checksums as S3 has them: base64 of the big-endian value. Written for the tests alone, from the algorithms' tables. */
export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`

/** The ETag of an object that was written at once, hexadecimal. */
export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

export function checksum(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  return digest[algorithm](bytes).toString('base64')
}

const digest: Readonly<Record<ChecksumAlgorithm, (bytes: Uint8Array) => Buffer>> = {
  CRC32: (bytes) => bigEndian(crc32(bytes)),
  CRC32C: (bytes) => bigEndian(crc32c(bytes)),
  CRC64NVME: crc64nvme,
  SHA1: (bytes) => createHash('sha1').update(bytes).digest(),
  SHA256: (bytes) => createHash('sha256').update(bytes).digest(),
}

function bigEndian(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}

/** Reflected polynomial 0x82f63b78 (RFC 3720, appendix B.4). */
const table32c = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ table32c[(crc ^ byte) & 255]!
  return ~crc >>> 0
}

/** Reflected polynomial 0x9a6c9329ac4bc9b5 (NVM Express base specification), in two halves of 32 bits. */
const table64 = (() => {
  const table = { high: new Uint32Array(256), low: new Uint32Array(256) }
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = BigInt(byte)
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n
    table.high[byte] = Number(crc >> 32n)
    table.low[byte] = Number(crc & 0xffffffffn)
  }
  return table
})()

function crc64nvme(bytes: Uint8Array): Buffer {
  let high = 0xffffffff
  let low = 0xffffffff
  for (const byte of bytes) {
    const index = (low ^ byte) & 255
    low = ((low >>> 8) | (high << 24)) ^ table64.low[index]!
    high = (high >>> 8) ^ table64.high[index]!
  }
  const buffer = Buffer.alloc(8)
  buffer.writeUInt32BE(~high >>> 0)
  buffer.writeUInt32BE(~low >>> 0, 4)
  return buffer
}
