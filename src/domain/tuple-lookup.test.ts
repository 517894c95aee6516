import { expect, test } from 'vitest'
import { bind } from './predicate.ts'
import { makeTupleLookup } from './tuple-lookup.ts'

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
  const lookup = makeTupleLookup(group)
  expect(lookup([[0], [0]])).toEqual([0])
  expect(lookup([[0], [1]])).toEqual([1])
  expect(lookup([[1], [1]])).toEqual([])
})

test('finds none where a column equals no text', () => {
  expect(makeTupleLookup(group)([[0, 1], []])).toEqual([])
})

test('finds every tuple where a column equals several texts', () => {
  expect(makeTupleLookup(group)([[0, 1], [0]]).toSorted()).toEqual([0, 2])
})

test('takes the text for the tuple where there is one column', () => {
  const single = bind(['p', 'q'].map((value, position) => ({ kind: 'simple', value, column: 'c', position })))
    .groups[0]!
  expect(makeTupleLookup(single)([[1]])).toEqual([1])
})

test('finds every tuple where there are more mixtures of texts than tuples', () => {
  expect(
    makeTupleLookup(group)([
      [0, 1],
      [1, 0],
    ]).toSorted(),
  ).toEqual([0, 1, 2])
  expect(makeTupleLookup(group)([[0, 0, 0, 0], [1]])).toEqual([1])
})
