import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numberKeyOfDecimal, numberKeyOfJson, numberKeyOfText, unscaledOfText } from './number-text.ts'

/** An exact reading of a JSON number token by other means: numerator and power of ten, without trailing zeros. */
function exact(token: string): string {
  const [mantissa, exponent = '0'] = token.toLowerCase().split('e') as [string, string?]
  const [integer, fraction = ''] = mantissa.split('.') as [string, string?]
  let unscaled = BigInt(integer.replace('-', '') + fraction)
  let power = Number(exponent) - fraction.length
  if (unscaled === 0n) return '0'
  while (unscaled % 10n === 0n) {
    unscaled /= 10n
    power += 1
  }
  return `${integer.startsWith('-') ? '-' : ''}${unscaled}*10^${power}`
}

const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,20})$/)
const fractions = fc.option(fc.stringMatching(/^[0-9]{1,20}$/), { nil: undefined })
const texts = fc
  .tuple(fc.constantFrom('', '-'), digits, fractions)
  .map(([sign, integer, fraction]) => sign + integer + (fraction === undefined ? '' : `.${fraction}`))
const tokens = fc
  .tuple(
    texts,
    fc.option(fc.integer({ min: -400, max: 400 }), { nil: undefined }),
    fc.constantFrom('e', 'E', 'e+0', 'E-0'),
  )
  .map(([text, exponent, letter]) => {
    if (exponent === undefined) return text
    return exponent < 0 ? `${text}e${exponent}` : `${text}${letter.replace('-0', '+')}${exponent}`
  })

describe('number keys', () => {
  test('are equal exactly when the numbers are', () => {
    fc.assert(
      fc.property(texts, tokens, (text, token) => {
        expect(numberKeyOfText(text) === numberKeyOfJson(token)).toBe(exact(text) === exact(token))
      }),
    )
  })

  test('of every form of one number are one', () => {
    const keys = ['42', '42.0', '4.2e1', '420e-1', '0.42E+2', '42000e-00003'].map(numberKeyOfJson)
    expect(new Set(keys)).toEqual(new Set([numberKeyOfText('42')]))
  })

  test('tell numbers apart that are one double', () => {
    expect(numberKeyOfJson('9007199254740993')).not.toBe(numberKeyOfText('9007199254740992'))
  })

  test.each(['0', '-0', '0.00', '0e5', '-0.0E-7'])('of the zero %s are one', (token) => {
    expect(numberKeyOfJson(token)).toBe(numberKeyOfText('0'))
  })

  test('never expand an exponent', () => {
    expect(numberKeyOfJson('1e999999999')).toBe('1e999999999')
    expect(numberKeyOfJson(`1e${'9'.repeat(1000)}`)).toBeUndefined()
    expect(numberKeyOfJson(`0e${'9'.repeat(1000)}`)).toBe('0')
    expect(numberKeyOfJson(`1e${'0'.repeat(1000)}1`)).toBe(numberKeyOfText('10'))
  })

  test.each(['007', '12e4', '+1', '.5', '1.', '', '-', '0x1', ' 1', '1 ', '١'])('are none of the text %j', (text) => {
    expect(numberKeyOfText(text)).toBeUndefined()
  })

  test('of decimals are those of their digits', () => {
    expect(numberKeyOfDecimal(-12300n, 2)).toBe(numberKeyOfText('-123'))
    expect(numberKeyOfDecimal(5n, 3)).toBe(numberKeyOfText('0.005'))
    expect(numberKeyOfDecimal(2n ** 63n - 1n, 0)).toBe(numberKeyOfText('9223372036854775807'))
  })
})

describe('unscaledOfText', () => {
  test('is the integer that a decimal column of the scale stores', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.nat(20),
        fc.nat(3),
        (unscaled, scale, zeros) => {
          const plain = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
          const point = plain.length - scale
          const text = `${unscaled < 0n ? '-' : ''}${plain.slice(0, point)}.${plain.slice(point)}${'0'.repeat(zeros)}0`
          expect(unscaledOfText(text, scale)).toBe(unscaled)
        },
      ),
    )
  })

  test('is none between two decimals of the column', () => {
    expect(unscaledOfText('1.005', 2)).toBeUndefined()
    expect(unscaledOfText('0.5', 0)).toBeUndefined()
    expect(unscaledOfText('1.500', 1)).toBe(15n)
  })

  test.each(['', '007', '1e3', 'x', '1.'])('is none of the text %j', (text) => {
    expect(unscaledOfText(text, 2)).toBeUndefined()
  })
})
