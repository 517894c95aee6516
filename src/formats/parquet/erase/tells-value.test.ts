import { describe, expect, it } from 'vitest'
import { mayTell } from './tells-value.ts'

const text = (characters: string) => new TextEncoder().encode(characters)
const string = { physicalType: 'BYTE_ARRAY', type: { kind: 'string' } } as const
const number = { physicalType: 'INT32', type: { kind: 'none' } } as const
const decimal = { physicalType: 'BYTE_ARRAY', type: { kind: 'decimal', scale: 0 } } as const
const double = { physicalType: 'DOUBLE', type: { kind: 'none' } } as const

describe('a bound may tell a value', () => {
  it.each([
    ['min', 'anna', true],
    ['min', 'ann', true],
    ['min', 'bert', false],
    ['max', 'anna', true],
    ['max', 'ann', true],
    ['max', 'ano', true],
    ['max', 'anp', false],
    ['max', 'b', true],
    ['min', '', false],
  ] as const)('%s "%s" of a text', (kind, bound, expected) => {
    expect(mayTell({ kind, bytes: text(bound), isExact: false }, string, text('anna'))).toBe(expected)
  })

  it('only by being it, where the bound says that it is exact', () => {
    const bound = { kind: 'max', isExact: true } as const
    expect(mayTell({ ...bound, bytes: text('ann') }, string, text('anna'))).toBe(false)
    expect(mayTell({ ...bound, bytes: text('anna') }, string, text('anna'))).toBe(true)
  })

  it('raised at a character of several bytes', () => {
    for (const [value, bound] of [
      ['x\u007fyz', 'x\u0080'],
      ['x\u00bfyz', 'x\u00c0'],
      ['x\u07ffyz', 'x\u0800'],
      ['x\ud7ffyz', 'x\ue000'],
      ['x\uffffyz', 'x\u{10000}'],
    ] as const) {
      expect(mayTell({ kind: 'max', bytes: text(bound), isExact: false }, string, text(value))).toBe(true)
    }
  })

  it('of numbers only by equality', () => {
    const bound = { kind: 'min', bytes: Uint8Array.of(5, 0, 0, 0), isExact: false } as const
    expect(mayTell(bound, number, Uint8Array.of(5, 0, 0, 0))).toBe(true)
    expect(mayTell(bound, number, Uint8Array.of(4, 0, 0, 0))).toBe(false)
  })

  it('of decimals whatever their length', () => {
    const bound = { kind: 'min', bytes: Uint8Array.of(0xff, 0xfe), isExact: true } as const
    expect(mayTell(bound, decimal, Uint8Array.of(0xfe))).toBe(true)
    expect(mayTell(bound, decimal, Uint8Array.of(0x00, 0xfe))).toBe(false)
  })

  it('of zero whatever its sign', () => {
    const bytes = new Uint8Array(new Float64Array([-0]).buffer)
    expect(mayTell({ kind: 'min', bytes, isExact: true }, double, new Uint8Array(8))).toBe(true)
  })
})
