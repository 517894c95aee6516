/**
 * Dates and times of ISO 8601 in the proleptic Gregorian calendar, at full precision: nothing goes through a `Date`,
 * which knows milliseconds only and invents a 31st of February.
 *
 * A date-time is `YYYY-MM-DDTHH:MM[:SS[.fraction]]`, with a space for the `T` allowed (RFC 3339, section 5.6), and an
 * offset `Z`, `+HH:MM`, `+HHMM` or `+HH`. A year beyond four digits has a sign (`+12026-01-01`).
 */

const date = /^([0-9]{4}|[+-][0-9]{5,6})-([0-9]{2})-([0-9]{2})$/
const time = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?$/
const offset = /(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)$/

const nanosPerSecond = 1_000_000_000n
const nanosPerDay = 86_400n * nanosPerSecond

/** Days from 1970-01-01 to the date `YYYY-MM-DD`; undefined where the text is no such date. */
export function dateOfText(text: string): number | undefined {
  const parts = date.exec(text)
  if (parts === null) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  return daysFromCivil(year, month, day)
}

/**
 * Nanoseconds since midnight of a time without an offset; undefined where the text is no such time, or has a finer
 * fraction than any column stores.
 */
export function timeOfText(text: string): bigint | undefined {
  const parts = time.exec(text)
  if (parts === null) return undefined
  const [hour, minute, second] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? '0')]
  // A leap second has no place on a time scale of 86,400 seconds a day.
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const fraction = (parts[4] ?? '').replace(/0+$/, '')
  if (fraction.length > 9) return undefined
  return BigInt(hour * 3600 + minute * 60 + second) * nanosPerSecond + BigInt(fraction.padEnd(9, '0'))
}

/** Nanoseconds since 1970-01-01T00:00 of a date-time without an offset; undefined where the text is none. */
export function localDateTimeOfText(text: string): bigint | undefined {
  // Behind the date, whose year may be long: the first T or space.
  const at = text.search(/[Tt ]/)
  if (at === -1) return undefined
  const days = dateOfText(text.slice(0, at))
  const nanos = timeOfText(text.slice(at + 1))
  return days === undefined || nanos === undefined ? undefined : BigInt(days) * nanosPerDay + nanos
}

/**
 * Nanoseconds since 1970-01-01T00:00Z of a date-time; one without an offset means UTC. Undefined where the text is no
 * date-time: a bare date is none.
 */
export function instantOfText(text: string): bigint | undefined {
  // Sought behind the date, whose hyphens look like offsets.
  const at = text.search(/[Tt ]/)
  const parts = at === -1 ? null : offset.exec(text.slice(at))
  if (parts === null) return localDateTimeOfText(text)
  const local = localDateTimeOfText(text.slice(0, text.length - parts[0].length))
  const [hours, minutes] = [Number(parts[2] ?? '0'), Number(parts[3] ?? '0')]
  if (local === undefined || hours > 23 || minutes > 59) return undefined
  const east = BigInt(hours * 3600 + minutes * 60) * nanosPerSecond
  return parts[1] === '-' ? local + east : local - east
}

/** Days since 1970-01-01; years begin in March here, so that a leap day is the last. (Hinnant, "chrono-Compatible Low-Level Date Algorithms") */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
