import { numberKeyOfDecimal, numberKeyOfJson, numberKeyOfText } from './number-text.ts'

/** Bits of an IEEE 754 binary format. */
export type FloatWidth = 16 | 32 | 64

/**
 * The one float of a width that equals a match's text: it has exactly that value, or the text is its shortest decimal
 * print at its own width (`0.1` is the float32 nearest to 0.1; `16777217` is no float32). Undefined where there is none.
 * 0 stands for both zeros.
 */
export function floatOfText(text: string, width: FloatWidth): number | undefined {
  const key = numberKeyOfText(text)
  if (key === undefined) return undefined
  // Whatever the text equals, exactly or by its print, is the float nearest to it.
  const float = nearest[width](Number(text))
  if (!Number.isFinite(float)) return undefined
  if (float === 0) return key === '0' ? 0 : undefined
  return key === exactKey(float) || key === shortestKey(float, width) ? float : undefined
}

const nearest: Readonly<Record<FloatWidth, (value: number) => number>> = {
  16: nearestFloat16,
  32: Math.fround,
  64: (value) => value,
}

/** The number key of all the digits of a float, of which there are finitely many: it is an integer times 2 ** -n. */
function exactKey(float: number): string {
  let integer = float
  let halvings = 0
  // Doubling a finite float below 2 ** 53 loses nothing.
  while (!Number.isInteger(integer)) {
    integer *= 2
    halvings += 1
  }
  // x / 2 ** n is x * 5 ** n / 10 ** n.
  return numberKeyOfDecimal(BigInt(integer) * 5n ** BigInt(halvings), halvings)
}

function shortestKey(float: number, width: FloatWidth): string | undefined {
  // ECMA-262, Number::toString: the shortest digits that yield the same double.
  if (width === 64) return numberKeyOfJson(String(float).replace('e+', 'e'))
  for (let digits = 1; ; digits += 1) {
    const print = float.toPrecision(digits)
    if (nearest[width](Number(print)) === float) return numberKeyOfJson(print.replace('e+', 'e'))
  }
}

/** IEEE 754, roundTiesToEven to 11 significant bits, gradual underflow below 2 ** -14. */
function nearestFloat16(value: number): number {
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return value < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)))
  const unit = 2 ** (exponent - 10)
  return roundToEven(value / unit) * unit
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1
  return rest < 0.5 ? floor : floor + 1
}
