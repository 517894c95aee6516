import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dateOfText, instantOfText, localDateTimeOfText, timeOfText } from './date-time-text.ts'

const dayMs = 86_400_000

describe('dateOfText', () => {
  test('counts days from 1970-01-01, by the calendar of Date', () => {
    const days = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(days, (date) => dateOfText(date.toISOString().slice(0, 10)) === Math.floor(date.getTime() / dayMs)),
    )
  })

  test('knows years of more than four digits', () => {
    expect(dateOfText('+012026-01-01')).toBe(Date.UTC(12026, 0, 1) / dayMs)
    expect(dateOfText('-000001-12-31')).toBe(dateOfText('0000-01-01')! - 1)
  })

  test.each([
    '2025-02-29',
    '1900-02-29',
    '2025-04-31',
    '2025-13-01',
    '2025-00-01',
    '2025-01-00',
    '2025-1-1',
    '20250101',
  ])('is undefined for %s', (text) => {
    expect(dateOfText(text)).toBeUndefined()
  })

  test.each(['', ' 2025-01-01', '2025-01-01 ', '2025-01-01T00:00', '12025-01-01'])('is undefined for %j', (text) => {
    expect(dateOfText(text)).toBeUndefined()
  })

  test('knows 29 February in leap years', () => {
    expect(dateOfText('2000-02-29')).toBe(Date.UTC(2000, 1, 29) / dayMs)
  })
})

describe('timeOfText', () => {
  test('counts nanoseconds since midnight', () => {
    expect(timeOfText('00:00')).toBe(0n)
    expect(timeOfText('23:59:59.123456789')).toBe(86_399_123_456_789n)
    expect(timeOfText('01:02:03.5')).toBe(3_723_500_000_000n)
    expect(timeOfText('01:02:03.500000000000')).toBe(3_723_500_000_000n)
  })

  test.each(['24:00', '12:60', '12:00:60', '12', '1:00', '12:00Z', '12:00+01:00', '12:00:00.', '12:00:00.0000000001'])(
    'is undefined for %s',
    (text) => {
      expect(timeOfText(text)).toBeUndefined()
    },
  )
})

describe('instantOfText', () => {
  test('is the instant of Date to the millisecond', () => {
    const dates = fc.date({
      min: new Date('0000-01-01'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    fc.assert(fc.property(dates, (date) => instantOfText(date.toISOString()) === BigInt(date.getTime()) * 1_000_000n))
  })

  test.each([
    '2024-03-10T14:30:00Z',
    '2024-03-10T14:30:00',
    '2024-03-10 14:30:00',
    '2024-03-10t14:30z',
    '2024-03-10T14:30:00.000Z',
    '2024-03-10T15:30:00+01:00',
    '2024-03-10T15:30+0100',
    '2024-03-10T15:30:00+01',
    '2024-03-10T09:00:00-05:30',
    '2024-03-11T00:30:00+10:00',
  ])('takes %s as the same instant', (text) => {
    expect(instantOfText(text)).toBe(BigInt(Date.UTC(2024, 2, 10, 14, 30)) * 1_000_000n)
  })

  test('keeps nanoseconds, and dates that wrap in 64 bits of them', () => {
    expect(instantOfText('1970-01-01T00:00:00.000000001Z')).toBe(1n)
    expect(instantOfText('9999-12-31T23:59:59.999999999Z')).toBe(253_402_300_799_999_999_999n)
  })

  test.each([
    '2024-03-10',
    '2024-03-10Z',
    '2024-03-10T',
    '2024-03-10T14',
    '2024-02-30T00:00Z',
    '14:30',
    '2024-03-10T14:30+24:00',
    '2024-03-10T14:30 Z',
    'T14:30Z',
    '',
  ])('is undefined for %j', (text) => {
    expect(instantOfText(text)).toBeUndefined()
  })
})

describe('localDateTimeOfText', () => {
  test('is a date and a time without an offset', () => {
    expect(localDateTimeOfText('1970-01-02T00:00:01')).toBe(86_401_000_000_000n)
    expect(localDateTimeOfText('1970-01-02T00:00:01Z')).toBeUndefined()
    expect(localDateTimeOfText('1970-01-02T00:00:01+00:00')).toBeUndefined()
  })
})
