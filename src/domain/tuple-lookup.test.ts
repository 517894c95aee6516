import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Match } from './match.ts'
import { bind } from './predicate.ts'
import { tupleLookupOf } from './tuple-lookup.ts'

const tuple = (a: string, b: string, position: number) => ({
  kind: 'composite' as const,
  values: [
    { column: 'a', value: a },
    { column: 'b', value: b },
  ],
  position,
})

// Texts of a: x, y; of b: 1, 2. Tuples: (x, 1), (x, 2), (y, 1).
const group = bind([tuple('x', '1', 0), tuple('x', '2', 1), tuple('y', '1', 2)]).groups[0]!

test('finds the tuple of which every column holds', () => {
  const lookup = tupleLookupOf(group)
  expect(lookup.ofSeveral([[0], [0]])).toEqual([0])
  expect(lookup.ofSeveral([[0], [1]])).toEqual([1])
  expect(lookup.ofSeveral([[1], [1]])).toEqual([])
})

test('finds none where a column equals no text', () => {
  expect(tupleLookupOf(group).ofSeveral([[0, 1], []])).toEqual([])
})

test('finds every tuple where a column equals several texts', () => {
  expect(
    tupleLookupOf(group)
      .ofSeveral([[0, 1], [0]])
      .toSorted(),
  ).toEqual([0, 2])
})

test('takes the text for the tuple where there is one column', () => {
  const single = bind(['p', 'q'].map((value, position) => ({ kind: 'simple', value, column: 'c', position })))
    .groups[0]!
  expect(tupleLookupOf(single).ofSeveral([[1]])).toEqual([1])
})

test('finds every tuple where there are more mixtures of texts than tuples', () => {
  expect(
    tupleLookupOf(group)
      .ofSeveral([
        [0, 1],
        [1, 0],
      ])
      .toSorted(),
  ).toEqual([0, 1, 2])
  expect(tupleLookupOf(group).ofSeveral([[0, 0, 0, 0], [1]])).toEqual([1])
})

test('finds what a Map of strings finds, one id for each column or several', () => {
  const text = fc.constantFrom('', '0', '1', 'a', 'b', 'c,d')
  const row = fc.tuple(text, text, text)
  const names = ['x', 'y', 'z']
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 80 }),
      fc.array(fc.array(text, { maxLength: 3 }), { minLength: 3, maxLength: 3 }),
      (rows, equal) => {
        const matches = rows.map(
          (values, position): Match => ({
            kind: 'composite',
            values: values.map((value, column) => ({ column: names[column]!, value })),
            position,
          }),
        )
        const { groups } = bind(matches)
        const { texts, positions } = groups[0]!
        const firstOf = new Map<string, number>()
        rows.forEach((values, position) => {
          if (!firstOf.has(JSON.stringify(values))) firstOf.set(JSON.stringify(values), position)
        })
        const lookup = tupleLookupOf(groups[0]!)
        const positionOf = (tuple: number) => (tuple === -1 ? undefined : positions[tuple])

        for (const values of [...rows, ...rows.map(([a, b, c]) => [c, a, b])]) {
          const ids = values.map((value, column) => texts[column]!.indexOf(value))
          if (!ids.includes(-1)) expect(positionOf(lookup.ofOne(ids))).toBe(firstOf.get(JSON.stringify(values)))
        }
        const ids = equal.map((values, column) =>
          [...new Set(values.map((value) => texts[column]!.indexOf(value)))].filter((id) => id !== -1),
        )
        const [first, second, third] = ids.map((list, column) => list.map((id) => texts[column]![id]!))
        const expected = first!
          .flatMap((a) => second!.flatMap((b) => third!.map((c) => firstOf.get(JSON.stringify([a, b, c])))))
          .filter((position) => position !== undefined)
        expect(lookup.ofSeveral(ids).map(positionOf).toSorted()).toEqual(expected.toSorted())
      },
    ),
  )
})
