import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntervalSet } from './interval-set.ts'

const size = 60

test('is the set of what was added, in whatever order', () => {
  const interval = fc.tuple(fc.nat(size - 1), fc.nat(12)).map(([start, length]) => [start, start + length] as const)
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 20 }), (intervals) => {
      const set = new IntervalSet()
      const plain = new Set<number>()
      for (const [start, end] of intervals) {
        set.add(start, end)
        for (let position = start; position < end; position += 1) plain.add(position)
      }
      for (let position = 0; position < size + 12; position += 1) {
        const found = set.at(position)
        expect(found !== undefined).toBe(plain.has(position))
        if (found !== undefined) {
          expect([plain.has(found.start - 1), plain.has(found.end)]).toEqual([false, false])
          expect(set.sizeWithin(found.start, found.end)).toBe(found.end - found.start)
        }
        const behind = found?.end ?? position
        const later = [...plain].filter((each) => each > behind)
        expect(set.nextStart(position)).toBe(Math.min(...later))
      }
      expect(set.sizeWithin(7, 31)).toBe([...plain].filter((each) => each >= 7 && each < 31).length)
    }),
  )
})
