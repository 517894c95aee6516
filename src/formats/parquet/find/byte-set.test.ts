import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { viewOf } from '../view-of.ts'
import { ByteSet } from './byte-set.ts'
import { Hits } from './hits.ts'
import { sweepRuns } from './sweep-runs.ts'

describe('a set of byte strings', () => {
  it('finds exactly what was added, wherever it lies', () => {
    const short = fc.uint8Array({ maxLength: 3, max: 3 })
    const strings = fc.array(fc.oneof(short, fc.uint8Array({ maxLength: 40 })), { maxLength: 300 })
    fc.assert(
      fc.property(strings, strings, (added, others) => {
        const set = new ByteSet()
        const ordinals = new Map<string, number>()
        for (const bytes of added) {
          const text = Buffer.from(bytes).toString('latin1')
          if (!ordinals.has(text)) ordinals.set(text, ordinals.size)
          expect(set.add(bytes)).toBe(ordinals.get(text))
        }
        expect(set.count).toBe(ordinals.size)
        for (const bytes of [...added, ...others]) {
          const expected = ordinals.get(Buffer.from(bytes).toString('latin1')) ?? -1
          expect(set.find(viewOf(Buffer.concat([Buffer.of(7), bytes, Buffer.of(9)])), 1, 1 + bytes.length)).toBe(
            expected,
          )
          if (expected !== -1) expect(Buffer.from(set.entry(expected)).equals(bytes)).toBe(true)
        }
      }),
    )
  })

  it('holds a hundred thousand entries that differ in their middle alone', () => {
    const set = new ByteSet()
    const text = (at: number) => Buffer.from(`same-beginning-of-all-${at}-and-the-same-end-of-all-of-them`)
    for (let at = 0; at < 100_000; at += 1) set.add(text(at))
    for (let at = 0; at < 200_000; at += 777) {
      const bytes = text(at)
      expect(set.find(viewOf(bytes), 0, bytes.length)).toBe(at < 100_000 ? at : -1)
    }
  })
})

describe('lists of runs', () => {
  const flags = fc.array(fc.option(fc.nat({ max: 2 })), { minLength: 30, maxLength: 30 })
  const hitsOf = (rows: readonly (number | null)[]) => {
    const hits = new Hits()
    rows.forEach((entry, row) => {
      if (entry !== null) hits.add(row, row + 1, entry)
    })
    return hits
  }

  it.each(['all', 'any'] as const)('are walked over at once where %s of them have rows', (need) => {
    fc.assert(
      fc.property(fc.array(flags, { minLength: 1, maxLength: 4 }), (lists) => {
        const hits = lists.map(hitsOf)
        const seen: (readonly (number | null)[] | undefined)[] = Array.from({ length: 30 })
        sweepRuns(hits, need, (start, end, runs) => {
          const entries = [...runs].map((run, list) => (run === -1 ? null : hits[list]!.entries[run]!))
          for (let row = start; row < end; row += 1) seen[row] = entries
        })
        const expected = Array.from({ length: 30 }, (_, row) => {
          const entries = lists.map((list) => list[row]!)
          const has =
            need === 'all' ? entries.every((entry) => entry !== null) : entries.some((entry) => entry !== null)
          return has ? entries : undefined
        })
        expect(seen).toEqual(expected)
      }),
    )
  })

  it('know whether they meet a range of rows', () => {
    fc.assert(
      fc.property(flags, fc.nat({ max: 30 }), fc.nat({ max: 30 }), (rows, a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)]
        const expected = rows.slice(start, end).some((entry) => entry !== null)
        expect(hitsOf(rows).meets(start, end)).toBe(expected)
      }),
    )
  })
})
