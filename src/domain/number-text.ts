/**
 * Numbers compared exactly, whatever their form: `42`, `42.0` and `4.2e1` are one number, `9007199254740993` is not
 * `9007199254740992`, and `1e999999999` is never expanded.
 *
 * A *number key* is a canonical text: the sign, the significant digits without zeros at either end, `e`, the power of
 * ten of the last digit. Zero, of either sign, is `0`. Two numbers are equal when their keys are.
 */

const matchText = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/
const jsonNumber = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** More digits of an exponent than a text of any length that fits in memory could stand for. */
const maxExponentDigits = 15

/** The number key of a match's text; undefined where the text has not the form `-?(0|[1-9][0-9]*)(\.[0-9]+)?`. */
export function numberKeyOfText(text: string): string | undefined {
  const parts = matchText.exec(text)
  return parts === null ? undefined : numberKey(parts[1] === '-', parts[2]!, parts[3] ?? '', 0)
}

/**
 * The number key of a JSON number token (RFC 8259, section 6), of any form.
 * Undefined where the token is no number, or where its exponent is so large that no text can equal it.
 */
export function numberKeyOfJson(token: string): string | undefined {
  const parts = jsonNumber.exec(token)
  if (parts === null) return undefined
  const exponent = exponentOf(parts[4] ?? '0')
  if (exponent === undefined) return /^[0.]*$/.test(parts[2]! + (parts[3] ?? '')) ? '0' : undefined
  return numberKey(parts[1] === '-', parts[2]!, parts[3] ?? '', exponent)
}

/** The number key of `unscaled * 10 ** -scale`: an integer column (scale 0) or a decimal. */
export function numberKeyOfDecimal(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n
  return numberKey(negative, (negative ? -unscaled : unscaled).toString(), '', -scale)
}

/**
 * The integer `unscaled` of a decimal with `unscaled * 10 ** -scale` equal to a match's text: what a decimal column of
 * that scale stores, or an integer column with scale 0. Undefined where the text is no number, or one between two of
 * the column's.
 */
export function unscaledOfText(text: string, scale: number): bigint | undefined {
  const parts = matchText.exec(text)
  if (parts === null) return undefined
  const fraction = (parts[3] ?? '').replace(/0+$/, '')
  if (fraction.length > scale) return undefined
  return BigInt(`${parts[1]}${parts[2]}${fraction.padEnd(scale, '0')}`)
}

function exponentOf(text: string): number | undefined {
  const digits = text.replace(/^[+-]/, '').replace(/^0+(?=[0-9])/, '')
  if (digits.length > maxExponentDigits) return undefined
  return text.startsWith('-') ? -Number(digits) : Number(digits)
}

function numberKey(negative: boolean, integer: string, fraction: string, exponent: number): string {
  const digits = integer + fraction
  let start = 0
  while (start < digits.length && digits.charCodeAt(start) === 48) start += 1
  if (start === digits.length) return '0'
  let end = digits.length
  while (digits.charCodeAt(end - 1) === 48) end -= 1
  const power = exponent - fraction.length + (digits.length - end)
  return `${negative ? '-' : ''}${digits.slice(start, end)}e${power}`
}
