import { expect, test } from 'vitest'
import { Ranges } from '../../domain/ranges.ts'
import { isTouched, Units } from './units.ts'

const unitsOf = (count: number, limit?: number): Units => {
  const units = new Units(limit)
  // Each ten bytes long with two of padding behind it, and a hundred when decompressed.
  for (let index = 0; index < count; index += 1) {
    units.add({ start: 12 * index, end: 12 * index + 10, streamEnd: 100 * (index + 1) })
  }
  return units
}

test('members follow one another in the object and in the stream', () => {
  expect([...unitsOf(2)]).toEqual([
    { start: 0, end: 10, streamStart: 0, streamEnd: 100 },
    { start: 12, end: 22, streamStart: 100, streamEnd: 200 },
  ])
  expect(unitsOf(2).streamBytes).toBe(200)
})

test('beyond the limit neighbours become one, and nothing is lost between them', () => {
  for (const count of [5, 8, 9, 100]) {
    const units = unitsOf(count, 4)
    const all = [...units]
    expect(units.count).toBeLessThanOrEqual(4)
    expect([all[0]!.start, all.at(-1)!.end, units.streamBytes]).toEqual([0, 12 * count - 2, 100 * count])
    all.slice(1).forEach((unit, index) => {
      expect([unit.start - all[index]!.end, unit.streamStart]).toEqual([2, all[index]!.streamEnd])
      expect(unit.streamStart / 100).toBe(unit.start / 12)
    })
  }
})

test('the member at an offset is found, and none elsewhere', () => {
  const units = unitsOf(5)
  expect(units.startingAt(24)).toEqual(units.at(2))
  expect([units.startingAt(25), units.startingAt(60)]).toEqual([undefined, undefined])
})

test('a member is touched by a range that shares a byte with it', () => {
  const touched = (start: number, end: number): boolean[] =>
    [...unitsOf(3)].map((unit) => isTouched(unit, Ranges.of([{ start, end }])))
  expect(touched(99, 100)).toEqual([true, false, false])
  expect(touched(100, 200)).toEqual([false, true, false])
  expect(touched(150, 201)).toEqual([false, true, true])
})
