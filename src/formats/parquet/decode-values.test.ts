import fc from 'fast-check'
import type { ParquetType } from 'hyparquet'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { ByteWriter } from 'hyparquet-writer'
import { deltaBinaryPack, deltaByteArray, deltaLengthByteArray } from 'hyparquet-writer/src/delta.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { writePlain } from 'hyparquet-writer/src/plain.js'
import { writeByteStreamSplit } from 'hyparquet-writer/src/splitstream.js'
import { describe, expect, it } from 'vitest'
import { decodeValues } from './decode-values.ts'
import { DeltaByteArrays } from './delta-byte-array.ts'
import { dictionaryIndices } from './dictionary-indices.ts'
import { countPresent, decodeLevels } from './levels.ts'
import type { Encoding, PhysicalType } from './metadata-enums.ts'
import type { Values } from './plain-values.ts'
import { decodeHybrid, HybridRuns } from './rle-hybrid.ts'

/** Encoders of hyparquet-writer are the oracle: they share no code with the decoders. */
function encoded(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter()
  write(writer)
  return writer.getBytes()
}

const hybrid = (values: number[], bitWidth: number) =>
  encoded((writer) => void writeRleBitPackedHybrid(writer, values, bitWidth))

const decode = (
  encoding: Encoding,
  values: Uint8Array,
  { physicalType, count, typeLength = 0 }: { physicalType: PhysicalType; count: number; typeLength?: number },
) => decodeValues({ encoding, values, count, column: { physicalType, typeLength } })

function listOf(values: Values): Buffer[] {
  return Array.from({ length: values.count }, (_, index) =>
    values.kind === 'fixed'
      ? Buffer.from(values.bytes.subarray(index * values.width, (index + 1) * values.width))
      : Buffer.from(values.bytes.subarray(values.starts[index]!, values.starts[index + 1]! - values.gap)),
  )
}

const runsOfNumbers = (max: number) =>
  fc
    .array(fc.tuple(fc.nat({ max }), fc.oneof(fc.constant(1), fc.nat({ max: 40 }))), { maxLength: 60 })
    .map((runs) => runs.flatMap(([value, count]) => Array.from({ length: count }, () => value)))

const byteArrays = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 200 })
const typed = (values: bigint[], type: ParquetType) =>
  type === 'INT64' ? values : values.map((value) => Number(BigInt.asIntN(32, value)))

describe('runs and packed groups', () => {
  it.each([1, 2, 3, 7, 8, 9, 16, 17, 24])('of %i bits are what was encoded', (bitWidth) => {
    fc.assert(
      fc.property(runsOfNumbers(2 ** bitWidth - 1), (values) => {
        const section = { bytes: hybrid(values, bitWidth), bitWidth, numValues: values.length }
        expect([...decodeHybrid(section, new Uint32Array(values.length))]).toEqual(values)
      }),
      { numRuns: 50 },
    )
  })

  it.each([25, 31, 32])('of %i bits are unpacked whole', (bitWidth) => {
    const values = [2 ** bitWidth - 1, 0, 1, 2 ** (bitWidth - 1), 12345, 2 ** bitWidth - 2, 7, 2 ** 24]
    let bits = 0n
    for (const [index, value] of values.entries()) bits |= BigInt(value) << BigInt(index * bitWidth)
    const bytes = Uint8Array.from({ length: 1 + bitWidth }, (_, index) =>
      index === 0 ? 3 : Number((bits >> BigInt(8 * (index - 1))) & 255n),
    )
    expect([...decodeHybrid({ bytes, bitWidth, numValues: 8 }, new Uint32Array(8))]).toEqual(values)
  })

  it('of no values are passed over with the value that they have all the same', () => {
    const run = fc.oneof(
      fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 7 })).map(([count, value]) => [count << 1, value]),
      fc.uint8Array({ minLength: 3, maxLength: 3 }).map((group) => [3, ...group]),
    )
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), (runs) => {
        const bytes = Uint8Array.from(runs.flat())
        const numValues = runs.reduce(
          (sum, [header]) => sum + (header! % 2 === 1 ? (header! >> 1) * 8 : header! >> 1),
          0,
        )
        const expected = new Array<number>(numValues)
        readRleBitPackedHybrid({ view: new DataView(bytes.buffer), offset: 0 }, 3, expected, bytes.length)
        expect([...decodeHybrid({ bytes, bitWidth: 3, numValues }, new Int32Array(numValues))]).toEqual(expected)
      }),
    )
  })

  it('tell where each run lies, without padding and gaps', () => {
    const values = [...Array.from({ length: 100 }, () => 5), 1, 2, 3, 4, 5, 6, 7, 1, 2]
    const bytes = hybrid(values, 3)
    const runs = new HybridRuns({ bytes, bitWidth: 3, numValues: values.length })
    let end = 0
    let total = 0
    while (runs.next()) {
      expect([runs.start, runs.firstValue]).toEqual([end, total])
      end = runs.end
      total += runs.count
    }
    expect([end, total]).toEqual([bytes.length, values.length])
  })

  it.each([
    ['nothing', []],
    ['a header without data', [0x10]],
    ['a packed group that is cut', [0x05, 1, 2, 3]],
    ['a run longer than the section', [0x40, 1]],
    ['a repeated value of too many bits', [0x20, 9]],
    ['an endless header', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('are refused: %s', (_name, bytes) => {
    const section = { bytes: Uint8Array.from(bytes), bitWidth: 3, numValues: 16 }
    expect(() => decodeHybrid(section, new Int32Array(16))).toThrow('damaged Parquet')
  })
})

describe('levels', () => {
  it('present values are counted in both encodings', () => {
    fc.assert(
      fc.property(runsOfNumbers(2), (levels) => {
        const present = levels.filter((level) => level === 2).length
        const rle = { encoding: 'RLE', bytes: hybrid(levels, 2), bitWidth: 2 } as const
        const packed = { encoding: 'BIT_PACKED', bytes: packBigEndian(levels, 2), bitWidth: 2 } as const
        for (const section of [rle, packed]) {
          expect(countPresent(section, levels.length, 2)).toBe(present)
          expect([...decodeLevels(section, levels.length)]).toEqual(levels)
        }
      }),
    )
  })

  it('of one bit are counted without being unpacked', () => {
    fc.assert(
      fc.property(runsOfNumbers(1), (levels) => {
        const section = { encoding: 'RLE', bytes: hybrid(levels, 1), bitWidth: 1 } as const
        expect(countPresent(section, levels.length, 1)).toBe(levels.filter((level) => level === 1).length)
      }),
    )
  })

  it('beyond the greatest of the column are refused', () => {
    const section = { encoding: 'RLE', bytes: hybrid([0, 1, 2, 3], 2), bitWidth: 2 } as const
    expect(() => countPresent(section, 4, 2)).toThrow('a level is greater')
  })

  it('a billion equal ones in a few bytes take no memory', () => {
    const bytes = Uint8Array.from([0x80, 0x80, 0x80, 0x80, 0x08, 1])
    expect(countPresent({ encoding: 'RLE', bytes, bitWidth: 1 }, 2 ** 30, 1)).toBe(2 ** 30)
  })
})

function packBigEndian(values: number[], bitWidth: number): Uint8Array {
  const bits = values.map((value) => value.toString(2).padStart(bitWidth, '0')).join('')
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, index) =>
    Number.parseInt(bits.slice(8 * index, 8 * index + 8).padEnd(8, '0'), 2),
  )
}

describe('values', () => {
  it.each(['INT32', 'INT64'] as const)('DELTA_BINARY_PACKED of %s are what was encoded', (type) => {
    const near = fc.bigInt({ min: -1000n, max: 1000n })
    fc.assert(
      fc.property(fc.array(fc.oneof(near, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))), (wide) => {
        const values = typed(wide, type)
        const bytes = encoded((writer) => deltaBinaryPack(writer, values, type))
        const plain = encoded((writer) => writePlain(writer, values, type, undefined))
        const decoded = decode('DELTA_BINARY_PACKED', bytes, { physicalType: type, count: values.length })
        expect(Buffer.concat(listOf(decoded)).equals(plain)).toBe(true)
      }),
    )
  })

  it.each([
    ['PLAIN', (writer: ByteWriter, values: Uint8Array[]) => writePlain(writer, values, 'BYTE_ARRAY', undefined)],
    ['DELTA_LENGTH_BYTE_ARRAY', deltaLengthByteArray],
    ['DELTA_BYTE_ARRAY', deltaByteArray],
  ] as const)('%s byte arrays are what was encoded', (encoding, write) => {
    fc.assert(
      fc.property(byteArrays, (values) => {
        const bytes = encoded((writer) => write(writer, values))
        const decoded = decode(encoding, bytes, { physicalType: 'BYTE_ARRAY', count: values.length })
        expect(listOf(decoded)).toEqual(values.map((value) => Buffer.from(value)))
      }),
    )
  })

  it('DELTA_BINARY_PACKED may be one value, in blocks of more miniblocks than there are bytes', () => {
    // Blocks of 2048 values in 8 miniblocks; one value, -3.
    const values = decode('DELTA_BINARY_PACKED', Uint8Array.of(0x80, 0x10, 8, 1, 5), {
      physicalType: 'INT32',
      count: 1,
    })
    expect(listOf(values)).toEqual([Buffer.from([0xfd, 0xff, 0xff, 0xff])])
  })

  it('BYTE_STREAM_SPLIT are put together to the PLAIN layout', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (values) => {
        const split = encoded((writer) => writeByteStreamSplit(writer, values, 'DOUBLE', undefined))
        const plain = encoded((writer) => writePlain(writer, values, 'DOUBLE', undefined))
        const decoded = decode('BYTE_STREAM_SPLIT', split, { physicalType: 'DOUBLE', count: values.length })
        expect(Buffer.concat(listOf(decoded)).equals(plain)).toBe(true)
      }),
    )
  })

  it('booleans, PLAIN and RLE, are a byte each', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), (values) => {
        const bits = hybrid(values.map(Number), 1)
        const rle = Buffer.concat([Uint8Array.of(bits.length & 255, bits.length >> 8, 0, 0), bits])
        const plain = encoded((writer) => writePlain(writer, values, 'BOOLEAN', undefined))
        for (const [encoding, bytes] of [['RLE', rle] as const, ['PLAIN', plain] as const]) {
          const decoded = decode(encoding, bytes, { physicalType: 'BOOLEAN', count: values.length })
          expect([...decoded.bytes]).toEqual(values.map(Number))
        }
      }),
    )
  })

  it('are refused where there are more or fewer than the page says', () => {
    const values = [Buffer.from('a'), Buffer.from('bc')]
    const cases = [
      ['PLAIN', encoded((writer) => writePlain(writer, values, 'BYTE_ARRAY', undefined))],
      ['DELTA_LENGTH_BYTE_ARRAY', encoded((writer) => deltaLengthByteArray(writer, values))],
      ['DELTA_BYTE_ARRAY', encoded((writer) => deltaByteArray(writer, values))],
    ] as const
    for (const [encoding, bytes] of cases) {
      for (const count of [1, 3, 2 ** 31 - 1]) {
        expect(() => decode(encoding, bytes, { physicalType: 'BYTE_ARRAY', count })).toThrow(/damaged|256 MiB/)
      }
    }
  })

  it('a small page that stands for gigabytes is refused before they are allocated', () => {
    const long = new Uint8Array(200_000).fill(7)
    const bytes = encoded((writer) =>
      deltaByteArray(
        writer,
        Array.from({ length: 5000 }, () => long),
      ),
    )
    expect(bytes.length).toBeLessThan(300_000)
    expect(() => decode('DELTA_BYTE_ARRAY', bytes, { physicalType: 'BYTE_ARRAY', count: 5000 })).toThrow('256 MiB')
    const zeros = Uint8Array.from([0x80, 0x01, 4, 0xff, 0xff, 0xff, 0xff, 7, 0])
    expect(() => new DeltaByteArrays(zeros, 2 ** 31 - 1)).toThrow('256 MiB')
    expect(() => decode('DELTA_BINARY_PACKED', zeros, { physicalType: 'INT64', count: 2 ** 31 - 1 })).toThrow('256 MiB')
  })

  it('never crash or hang on arbitrary bytes', () => {
    const encodings = ['PLAIN', 'RLE', 'DELTA_BINARY_PACKED', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'] as const
    const types = ['BOOLEAN', 'INT32', 'INT64', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'] as const
    fc.assert(
      fc.property(
        fc.constantFrom(...encodings),
        fc.constantFrom(...types),
        fc.uint8Array({ maxLength: 60 }),
        fc.nat({ max: 300 }),
        (encoding, physicalType, bytes, count) => {
          try {
            decode(encoding, bytes, { physicalType, count, typeLength: 3 })
          } catch (error) {
            expect(error).toMatchObject({ name: 'LetheError', outcome: 'refused' })
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('dictionary indices', () => {
  it('have their bit width in front, and may be missing where every value is null', () => {
    const section = dictionaryIndices(Uint8Array.of(3, ...hybrid([1, 5, 5, 2], 3)), 4)
    expect([...decodeHybrid(section, new Int32Array(4))]).toEqual([1, 5, 5, 2])
    expect(new HybridRuns(dictionaryIndices(new Uint8Array(0), 0)).next()).toBe(false)
    expect(() => dictionaryIndices(new Uint8Array(0), 1)).toThrow('missing')
    expect(() => dictionaryIndices(Uint8Array.of(33, 0), 1)).toThrow('32 bits')
  })
})
