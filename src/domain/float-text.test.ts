import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { floatOfText } from './float-text.ts'

/** A number's print without an exponent: what a person would write. */
function withoutExponent(print: string): string {
  const parts = /^(-?)([0-9])(?:\.([0-9]+))?e([+-]?[0-9]+)$/.exec(print)
  if (parts === null) return print
  const digits = parts[2]! + (parts[3] ?? '')
  const point = 1 + Number(parts[4])
  if (point <= 0) return `${parts[1]}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return parts[1] + digits.padEnd(point, '0')
  return `${parts[1]}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** All digits of a double: V8 prints up to 100 behind the point exactly. */
const allDigits = (value: number): string => value.toFixed(100).replace(/\.?0+$/, '')

describe('floatOfText', () => {
  test('is the float whose shortest print is the text, trailing zeros or not', () => {
    expect(floatOfText('0.1', 32)).toBe(Math.fround(0.1))
    expect(floatOfText('0.10', 32)).toBe(Math.fround(0.1))
    expect(floatOfText('0.1', 64)).toBe(0.1)
    expect(floatOfText('0.1', 16)).toBe(0.0999755859375)
  })

  test('is the float that is exactly the text', () => {
    expect(floatOfText('0.100000001490116119384765625', 32)).toBe(Math.fround(0.1))
    expect(floatOfText('0.1000000000000000055511151231257827021181583404541015625', 64)).toBe(0.1)
    expect(floatOfText('16777216', 32)).toBe(16777216)
  })

  test('is none for a number between two floats', () => {
    expect(floatOfText('16777217', 32)).toBeUndefined()
    expect(floatOfText('9007199254740993', 64)).toBeUndefined()
    expect(floatOfText('2049', 16)).toBeUndefined()
    expect(floatOfText('0.1000000014', 32)).toBeUndefined()
  })

  test.each(['', 'NaN', 'Infinity', '1e3', '007', '+1', '.5', '1.', ' 1', '0x10'])('is none for %j', (text) => {
    expect(floatOfText(text, 64)).toBeUndefined()
  })

  test('is none beyond the largest and below the smallest float', () => {
    expect(floatOfText('9'.repeat(400), 64)).toBeUndefined()
    expect(floatOfText('9'.repeat(40), 32)).toBeUndefined()
    expect(floatOfText('65520', 16)).toBeUndefined()
    expect(floatOfText('65504', 16)).toBe(65504)
    expect(floatOfText(`0.${'0'.repeat(400)}1`, 64)).toBeUndefined()
  })

  test('is 0 for both zeros', () => {
    expect(floatOfText('-0.0', 64)).toBe(0)
    expect(floatOfText('0', 32)).toBe(0)
  })

  test('finds every double by its shortest print and by all its digits', () => {
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0)
    fc.assert(
      fc.property(doubles, (value) => floatOfText(withoutExponent(String(value).replace('e+', 'e')), 64) === value),
    )
    const ordinary = fc.double({ min: 2 ** -40, max: 2 ** 60, noNaN: true })
    fc.assert(fc.property(ordinary, (value) => floatOfText(allDigits(value), 64) === value))
  })

  test('finds every half by its value in quarters of its last digit', () => {
    // All positive finite halves, built from their bits.
    for (let bits = 1; bits < 0x7c00; bits += 1) {
      const exponent = bits >> 10
      const fraction = bits & 0x3ff
      const value = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
      expect(floatOfText(allDigits(value), 16)).toBe(value)
    }
  })

  test('finds every single by the print that DuckDB gives it', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const singles = fc.sample(fc.float({ noNaN: true, noDefaultInfinity: true }), { numRuns: 500, seed: 7 })
    const list = singles.map((value) => `(${value}::DOUBLE::FLOAT)`).join()
    const rows = await connection.runAndReadAll(`SELECT v::VARCHAR FROM (VALUES ${list}) AS t(v)`)
    rows.getRows().forEach(([print], index) => {
      const value = singles[index]!
      expect(floatOfText(withoutExponent(String(print)), 32)).toBe(value === 0 ? 0 : value)
    })
    connection.closeSync()
  })
})
