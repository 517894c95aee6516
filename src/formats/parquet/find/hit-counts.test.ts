import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HitCounts } from './hit-counts.ts'

it('counts of hits are those of a Map', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.integer({ min: 1, max: 5 }))), (added) => {
      const counts = new HitCounts(10)
      const expected = new Map<number, number>()
      for (const [position, rows] of added) {
        counts.add(position, rows)
        expected.set(position, rows + (expected.get(position) ?? 0))
      }
      const ascending = [...expected].sort(([a], [b]) => a - b)
      expect([...counts]).toEqual(ascending)
      expect([...counts.keys()]).toEqual(ascending.map(([position]) => position))
      expect([...counts.values()]).toEqual(ascending.map(([, rows]) => rows))
      expect(counts.size).toBe(expected.size)
      for (let position = 0; position < 10; position += 1) {
        expect(counts.get(position)).toBe(expected.get(position))
        expect(counts.has(position)).toBe(expected.has(position))
      }
      const seen: [number, number][] = []
      counts.forEach((rows, position) => {
        seen.push([position, rows])
      })
      expect(seen).toEqual(ascending)
    }),
  )
})
