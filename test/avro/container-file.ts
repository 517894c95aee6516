import { constants, crc32, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import avsc from 'avsc'
import lzma from 'lzma-native'
import { compressSync, uncompressSync } from 'snappy'

/** Codecs of test files, made of the libraries alone. bzip2 is missing: nothing here writes it. */
export const testCodecs = {
  null: (bytes: Buffer) => Promise.resolve(bytes),
  deflate: (bytes: Buffer) => Promise.resolve(deflateRawSync(bytes)),
  snappy: (bytes: Buffer) => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(bytes))
    return Promise.resolve(Buffer.concat([compressSync(bytes), sum]))
  },
  zstandard: (bytes: Buffer) =>
    Promise.resolve(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 9 } })),
  xz: (bytes: Buffer) => new Promise<Buffer>((resolve) => lzma.compress(bytes, { preset: 6 }, resolve)),
} as const satisfies Record<string, (bytes: Buffer) => Promise<Buffer>>

export type TestCodec = keyof typeof testCodecs

/** 64-bit integers exactly: the library's own are doubles. */
const bigLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
})

function exactLong(schema: unknown): avsc.Type | undefined {
  const isLong =
    schema === 'long' || (typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'long')
  return isLong ? bigLong : undefined
}

/** The independent reader and writer of values: longs are bigints, values of unions `{branch: value}`. */
function avscType(schema: unknown): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { typeHook: exactLong, wrapUnions: true })
}

export interface FileOptions {
  readonly codec?: TestCodec
  readonly rowsPerBlock?: number
  readonly metadata?: Readonly<Record<string, Buffer>>
  readonly sync?: Buffer
}

const testSync = Buffer.from('0123456789abcdef')

/** An object container file of rows that the independent writer encodes. */
export async function writeFile(schema: unknown, rows: readonly unknown[], options: FileOptions = {}): Promise<Buffer> {
  const { codec = 'null', rowsPerBlock = 3, sync = testSync } = options
  const type = avscType(schema)
  const parts = [headerOf(schema, options)]
  for (let start = 0; start < rows.length; start += rowsPerBlock) {
    const block = rows.slice(start, start + rowsPerBlock).map((row) => type.toBuffer(row))
    parts.push(blockOf(block.length, await testCodecs[codec](Buffer.concat(block)), sync))
  }
  return Buffer.concat(parts)
}

export function headerOf(
  schema: unknown,
  { codec = 'null', metadata = {}, sync = testSync }: FileOptions = {},
): Buffer {
  const entries = {
    'avro.schema': Buffer.from(typeof schema === 'string' && schema.startsWith('{') ? schema : JSON.stringify(schema)),
    'avro.codec': Buffer.from(codec),
    ...metadata,
  }
  return Buffer.concat([Buffer.from('Obj\u0001'), avscType({ type: 'map', values: 'bytes' }).toBuffer(entries), sync])
}

export function blockOf(count: number | bigint, stored: Buffer, sync: Buffer = testSync): Buffer {
  return Buffer.concat([longBytes(count), longBytes(stored.length), stored, sync])
}

export function longBytes(value: number | bigint): Buffer {
  return avscType('long').toBuffer(BigInt(value))
}

/** The rows of a file as the independent reader sees them, each as its canonical text. */
export function readFile(bytes: Buffer): Promise<string[]> {
  const decoders = {
    null: (stored: Buffer, done: Done) => done(null, stored),
    deflate: (stored: Buffer, done: Done) => done(null, inflateRawSync(stored)),
    snappy: (stored: Buffer, done: Done) =>
      done(null, uncompressSync(stored.subarray(0, -4), { asBuffer: true }) as Buffer),
    zstandard: (stored: Buffer, done: Done) => done(null, zstdDecompressSync(stored)),
    xz: (stored: Buffer, done: Done) => lzma.decompress(stored, {}, (read) => done(null, read)),
  }
  return new Promise((resolve, reject) => {
    const rows: string[] = []
    let type: avsc.Type | undefined
    const decoder = new avsc.streams.BlockDecoder({ codecs: decoders, parseHook: avscType })
    decoder.on('metadata', (read: avsc.Type) => (type = read))
    decoder.on('data', (row: unknown) => rows.push(type!.toString(row)))
    decoder.on('error', reject)
    decoder.on('end', () => resolve(rows))
    decoder.end(bytes)
  })
}

type Done = (error: unknown, bytes?: Buffer) => void
