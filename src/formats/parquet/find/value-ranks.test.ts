import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyMatcher } from './key-matcher.ts'
import { keyValues } from './key-values.ts'
import { ValueRanks } from './value-ranks.ts'

const ranksOf = (column: Parameters<typeof keyValues>[0], texts: readonly string[]) => {
  const values = keyValues(column)!
  return new ValueRanks(new KeyMatcher(values, [texts]), values.order!)
}

const bytes = fc
  .tuple(fc.constantFrom('', 'user-0000', 'a'), fc.uint8Array({ maxLength: 9, max: 127 }))
  .map(([prefix, rest]) => Buffer.concat([Buffer.from(prefix), rest]))

describe('bounds', () => {
  it('of byte strings never hide an entry that lies within them', () => {
    const column = { physicalType: 'BYTE_ARRAY', typeLength: 0, type: { kind: 'string' } } as const
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 20 }), bytes, bytes, (entries, a, b) => {
        const [min, max] = Buffer.compare(a, b) <= 0 ? [a, b] : [b, a]
        const isWithin = (entry: Buffer) => Buffer.compare(min, entry) <= 0 && Buffer.compare(entry, max) <= 0
        const ranks = ranksOf(column, entries.map(String))
        if (entries.some(isWithin)) expect(ranks.mayHold({ min, max })).toBe(true)
        // A greatest value that was cut short and not raised.
        for (const entry of entries) {
          if (Buffer.compare(min, entry) <= 0) expect(ranks.mayHold({ min, max: entry.subarray(0, 3) })).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('of byte strings exclude what lies outside, behind the beginning that all entries share', () => {
    const column = { physicalType: 'BYTE_ARRAY', typeLength: 0, type: { kind: 'string' } } as const
    const ranks = ranksOf(column, ['user-000100', 'user-000900'])
    const within = (min: string, max: string) => ranks.mayHold({ min: Buffer.from(min), max: Buffer.from(max) })
    expect(within('user-000101', 'user-000899')).toBe(false)
    expect(within('user-000100', 'user-000100')).toBe(true)
    expect(within('a', 'b')).toBe(false)
    expect(within('v', 'z')).toBe(false)
    expect(within('a', 'z')).toBe(true)
  })

  it.each([
    ['signed', true],
    ['unsigned', false],
  ])('of %s integers never hide an entry, and exclude what is far off', (_name, isSigned) => {
    const column = { physicalType: 'INT64', typeLength: 0, type: { kind: 'integer', bitWidth: 64, isSigned } } as const
    const least = isSigned ? -(2n ** 63n) : 0n
    const any = fc.oneof(fc.bigInt({ min: least, max: least + 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 100n }))
    const littleEndian = (value: bigint) => new Uint8Array(BigInt64Array.of(BigInt.asIntN(64, value)).buffer)
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), any, any, (entries, a, b) => {
        const [min, max] = a <= b ? [a, b] : [b, a]
        const mayHold = ranksOf(column, entries.map(String)).mayHold({ min: littleEndian(min), max: littleEndian(max) })
        if (entries.some((entry) => min <= entry && entry <= max)) expect(mayHold).toBe(true)
        if (entries.every((entry) => entry < min - 2048n || entry > max + 2048n)) expect(mayHold).toBe(false)
      }),
    )
  })

  it('that are none (NaN, another length, the greatest before the least) exclude nothing', () => {
    const column = { physicalType: 'DOUBLE', typeLength: 0, type: { kind: 'none' } } as const
    const ranks = ranksOf(column, ['5'])
    const float = (value: number) => new Uint8Array(Float64Array.of(value).buffer)
    expect(ranks.mayHold({ min: float(Number.NaN), max: float(1) })).toBe(true)
    expect(ranks.mayHold({ min: float(1), max: float(Number.NaN) })).toBe(true)
    expect(ranks.mayHold({ min: float(9), max: float(7) })).toBe(true)
    expect(ranks.mayHold({ min: float(9).subarray(4), max: float(9) })).toBe(true)
    expect(ranks.mayHold({ min: float(6), max: float(7) })).toBe(false)
    expect(ranksOf(column, ['0']).mayHold({ min: float(0), max: float(0) })).toBe(true)
    expect(ranksOf(column, ['0']).mayHold({ min: float(-0), max: float(-0) })).toBe(true)
  })
})
