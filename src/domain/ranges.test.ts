import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Ranges } from './ranges.ts'

/** Sorted, disjoint intervals below 200, some of them adjacent, some empty. */
const intervals = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 25 }).map((steps) => {
  let position = 0
  return steps.map(([gap, length]) => {
    const start = position + gap
    position = start + length
    return { start, end: position }
  })
})

const members = (list: readonly { start: number; end: number }[]): number[] =>
  list.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index))

describe('Ranges', () => {
  test('is the set of integers that was added', () => {
    fc.assert(
      fc.property(intervals, (list) => {
        const ranges = Ranges.of(list)
        const expected = members(list)
        expect(members([...ranges])).toEqual(expected)
        expect(ranges.size).toBe(expected.length)
        for (let x = 0; x < 320; x += 1) expect(ranges.has(x)).toBe(expected.includes(x))
      }),
    )
  })

  test('keeps disjoint intervals that do not touch', () => {
    fc.assert(
      fc.property(intervals, (list) => {
        const kept = [...Ranges.of(list)]
        for (let index = 1; index < kept.length; index += 1) {
          expect(kept[index]!.start).toBeGreaterThan(kept[index - 1]!.end)
        }
      }),
    )
  })

  test('within and gaps part an interval into what is in the set and what is not', () => {
    fc.assert(
      fc.property(intervals, fc.nat(150), fc.nat(150), (list, start, length) => {
        const end = start + length
        const ranges = Ranges.of(list)
        const inside = members(list).filter((x) => x >= start && x < end)
        expect(members([...ranges.within(start, end)])).toEqual(inside)
        expect(ranges.sizeWithin(start, end)).toBe(inside.length)
        const all = Array.from({ length }, (_, index) => start + index)
        expect(members([...ranges.gaps(start, end)])).toEqual(all.filter((x) => !inside.includes(x)))
      }),
    )
  })

  test('refuses an interval before the end of what is there', () => {
    const ranges = Ranges.of([{ start: 3, end: 5 }])
    expect(() => ranges.add(4)).toThrow(RangeError)
    expect(() => ranges.add(9, 8)).toThrow(RangeError)
    expect([...ranges]).toEqual([{ start: 3, end: 5 }])
  })
})
