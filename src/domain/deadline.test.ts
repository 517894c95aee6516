import { describe, expect, test } from 'vitest'
import { daysLeft, dueDate, isAtRisk } from './deadline.ts'

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
