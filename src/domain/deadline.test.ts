import { describe, expect, test } from 'vitest'
import { daysLeft, dueDate, isAtRisk, isCalendarDate, parseDeadline, printDeadline } from './deadline.ts'

describe('dueDate', () => {
  test.each([
    ['2026-11-25', '2026-12-25'],
    ['2026-12-25', '2027-01-25'],
    ['2026-01-31', '2026-02-28'],
    ['2028-01-30', '2028-02-29'],
    ['2026-03-31', '2026-04-30'],
    ['2026-02-28', '2026-03-28'],
  ])('is one calendar month after %s under GDPR: %s', (received, due) => {
    expect(dueDate(received, 'gdpr')).toBe(due)
  })

  test('is 45 days after under CCPA, or as many as an own profile says', () => {
    expect(dueDate('2026-11-25', 'ccpa')).toBe('2027-01-09')
    expect(dueDate('2026-02-27', { days: 2 })).toBe('2026-03-01')
  })
})

test('days left are counted to the last day, and below zero after it', () => {
  expect(daysLeft('2026-12-25', '2026-11-25')).toBe(30)
  expect(daysLeft('2026-12-25', '2026-12-25')).toBe(0)
  expect(daysLeft('2026-12-25', '2026-12-27')).toBe(-2)
})

test('a request is at risk when two thirds of its time are over', () => {
  const request = { received: '2026-11-01', due: '2026-12-01' }
  expect(isAtRisk({ ...request, today: '2026-11-20' })).toBe(false)
  expect(isAtRisk({ ...request, today: '2026-11-21' })).toBe(true)
  expect(isAtRisk({ ...request, today: '2026-12-24' })).toBe(true)
})

describe('a deadline as a word', () => {
  test.each(['gdpr', 'ccpa', '1', '30', '3650'])('%s is read as it was printed', (text) => {
    expect(printDeadline(parseDeadline(text)!)).toBe(text)
  })

  test.each(['', '0', '01', '-1', '1.5', '3651', '1e2', 'GDPR'])('%j is none', (text) => {
    expect(parseDeadline(text)).toBeUndefined()
  })
})

test.each([
  ['2026-02-28', true],
  ['2024-02-29', true],
  ['2026-02-29', false],
  ['2026-13-01', false],
  ['2026-1-1', false],
  ['2026-01-01T00:00', false],
  ['', false],
])('%j is a calendar date: %j', (text, expected) => {
  expect(isCalendarDate(text)).toBe(expected)
})
