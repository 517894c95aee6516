import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ranges } from '../../../domain/ranges.ts'
import { decodeValues } from '../decode-values.ts'
import type { Encoding, PhysicalType } from '../metadata-enums.ts'
import type { Values } from '../plain-values.ts'
import { ByteSink } from './byte-sink.ts'
import { spliceValues } from './splice-values.ts'

type Column = { readonly physicalType: PhysicalType; readonly typeLength: number }

function splice(
  encoding: Encoding,
  bytes: Uint8Array,
  column: Column,
  { count, drops }: { count: number; drops: Ranges },
) {
  const sink = new ByteSink()
  const erased: Buffer[] = []
  spliceValues(encoding, bytes, {
    column,
    count,
    drops,
    sink,
    erased: {
      value: (value, start, end) => erased.push(Buffer.from(value.slice(start, end))),
      entry: () => expect.unreachable(),
    },
  })
  return { bytes: sink.view().slice(), erased }
}

const plainOf = (values: readonly Uint8Array[], { physicalType }: Column): Uint8Array => {
  if (physicalType === 'BOOLEAN') {
    const bits = new Uint8Array(Math.ceil(values.length / 8))
    for (const [index, value] of values.entries()) bits[index >> 3]! |= value[0]! << (index & 7)
    return bits
  }
  const length = (value: Uint8Array) => Buffer.from(Uint32Array.of(value.length).buffer)
  return Buffer.concat(values.flatMap((value) => (physicalType === 'BYTE_ARRAY' ? [length(value), value] : [value])))
}

function texts(values: Values): string[] {
  return Array.from({ length: values.count }, (_, index) => {
    const bytes =
      values.kind === 'fixed'
        ? values.bytes.subarray(index * values.width, (index + 1) * values.width)
        : values.bytes.subarray(values.starts[index], values.starts[index + 1]! - values.gap)
    return Buffer.from(bytes).toString('hex')
  })
}

const widths = { BOOLEAN: 1, INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, FIXED_LEN_BYTE_ARRAY: 5 } as const

const pages = fc
  .constantFrom<PhysicalType>(
    'BOOLEAN',
    'INT32',
    'INT64',
    'INT96',
    'FLOAT',
    'DOUBLE',
    'BYTE_ARRAY',
    'FIXED_LEN_BYTE_ARRAY',
  )
  .chain((physicalType) => {
    const value =
      physicalType === 'BYTE_ARRAY'
        ? fc.uint8Array({ maxLength: 12 })
        : physicalType === 'BOOLEAN'
          ? fc.constantFrom(Uint8Array.of(0), Uint8Array.of(1))
          : fc.uint8Array({ minLength: widths[physicalType], maxLength: widths[physicalType] })
    return fc.record({
      column: fc.constant({ physicalType, typeLength: 5 }),
      values: fc.array(value, { maxLength: 300 }),
      modulus: fc.integer({ min: 1, max: 12 }),
    })
  })

function dropsOf(count: number, modulus: number): { drops: Ranges; isDropped: (index: number) => boolean } {
  const isDropped = (index: number) => index % modulus === modulus - 1
  const drops = new Ranges()
  for (let index = 0; index < count; index += 1) if (isDropped(index)) drops.add(index)
  return { drops, isDropped }
}

const hex = (values: readonly Uint8Array[]) => values.map((value) => Buffer.from(value).toString('hex'))

describe('values of a page', () => {
  it('PLAIN: spliced are those that stay, and the others are told', () => {
    fc.assert(
      fc.property(pages, ({ column, values, modulus }) => {
        const { drops, isDropped } = dropsOf(values.length, modulus)
        const { bytes, erased } = splice('PLAIN', plainOf(values, column), column, { count: values.length, drops })
        const kept = values.filter((_, index) => !isDropped(index))
        expect(Buffer.from(bytes).equals(plainOf(kept, column))).toBe(true)
        expect(hex(erased)).toEqual(hex(values.filter((_, index) => isDropped(index))))
      }),
    )
  })

  it('that end too early or too late are refused', () => {
    const column = { physicalType: 'BYTE_ARRAY', typeLength: 0 } as const
    const bytes = plainOf([Uint8Array.of(1, 2), Uint8Array.of(3)], column)
    for (const count of [1, 3]) {
      expect(() => splice('PLAIN', bytes, column, { count, drops: new Ranges() })).toThrow('damaged Parquet')
    }
    expect(() =>
      splice('PLAIN', bytes, { physicalType: 'INT32', typeLength: 0 }, { count: 2, drops: new Ranges() }),
    ).toThrow('damaged Parquet')
  })

  it('in an encoding that values cannot have are refused', () => {
    const column = { physicalType: 'INT32', typeLength: 0 } as const
    expect(() => splice('BIT_PACKED', new Uint8Array(4), column, { count: 1, drops: new Ranges() })).toThrow(
      'BIT_PACKED',
    )
  })

  it('BYTE_STREAM_SPLIT: every stream is cut alike', () => {
    const column = { physicalType: 'FIXED_LEN_BYTE_ARRAY', typeLength: 2 } as const
    const { bytes, erased } = splice('BYTE_STREAM_SPLIT', Uint8Array.of(1, 2, 3, 4, 11, 12, 13, 14), column, {
      count: 4,
      drops: Ranges.of([{ start: 1, end: 3 }]),
    })
    expect([...bytes]).toEqual([1, 4, 11, 14])
    expect(hex(erased)).toEqual(['020c', '030d'])
  })
})

describe.each([
  ['DELTA_BINARY_PACKED', 'INT32'],
  ['DELTA_BINARY_PACKED', 'INT64'],
  ['DELTA_LENGTH_BYTE_ARRAY', 'BYTE_ARRAY'],
  ['DELTA_BYTE_ARRAY', 'BYTE_ARRAY'],
  ['DELTA_BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'],
] as const)('%s of %s', (encoding, physicalType) => {
  it('spliced decodes to the values that stay', () => {
    const column = { physicalType, typeLength: 5 }
    const value =
      physicalType === 'BYTE_ARRAY'
        ? fc.oneof(
            fc.uint8Array({ maxLength: 12 }),
            fc.nat(30).map((length) => new Uint8Array(length).fill(97)),
          )
        : fc.uint8Array({ minLength: widths[physicalType], maxLength: widths[physicalType] })
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 12 }),
        (values, modulus) => {
          const count = values.length
          const encoded = encoders[encoding](values)
          expect(texts(decodeValues({ encoding, values: encoded, count, column }))).toEqual(hex(values))
          const { drops, isDropped } = dropsOf(count, modulus)
          const { bytes, erased } = splice(encoding, encoded, column, { count, drops })
          const kept = values.filter((_, index) => !isDropped(index))
          expect(texts(decodeValues({ encoding, values: bytes, count: kept.length, column }))).toEqual(hex(kept))
          expect(hex(erased)).toEqual(hex(values.filter((_, index) => isDropped(index))))
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** The plainest encoders that the format allows: least difference 0, every difference at full width. */
const encoders = {
  DELTA_BINARY_PACKED: (values: readonly Uint8Array[]) => deltas(values.map(numberOf), values[0]!.length),
  DELTA_LENGTH_BYTE_ARRAY: deltaLengths,
  DELTA_BYTE_ARRAY: (values: readonly Uint8Array[]) => {
    const shared = values.map((value, index) => commonPrefix(value, values[index - 1] ?? new Uint8Array(0)))
    const rests = values.map((value, index) => value.subarray(shared[index]))
    return Buffer.concat([deltas(shared.map(BigInt), 4), deltaLengths(rests)])
  },
}

function deltaLengths(values: readonly Uint8Array[]): Buffer {
  return Buffer.concat([
    deltas(
      values.map(({ length }) => BigInt(length)),
      4,
    ),
    ...values,
  ])
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`))
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  let length = 0
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length += 1
  return length
}

function deltas(values: readonly bigint[], width: number): Buffer {
  const [first = 0n] = values
  const parts = [varint(128n), varint(4n), varint(BigInt(values.length)), varint(zigzag(first))]
  const differences = values.slice(1).map((value, index) => BigInt.asUintN(8 * width, value - values[index]!))
  for (let block = 0; block < differences.length; block += 128) {
    const inBlock = differences.slice(block, block + 128)
    const miniblocks = Math.ceil(inBlock.length / 32)
    parts.push(varint(0n), Buffer.from([0, 1, 2, 3].map((index) => (index < miniblocks ? 8 * width : 0))))
    const packed = Buffer.alloc(miniblocks * 32 * width)
    for (const [index, difference] of inBlock.entries()) {
      for (let byte = 0; byte < width; byte += 1)
        packed[index * width + byte] = Number((difference >> BigInt(8 * byte)) & 255n)
    }
    parts.push(packed)
  }
  return Buffer.concat(parts)
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? value * 2n : -value * 2n - 1n
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
