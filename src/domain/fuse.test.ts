import { expect, test } from 'vitest'
import { blownFuses } from './fuse.ts'

test('blows for more than 1,000 rows that are more than 1 % of those seen', () => {
  expect(blownFuses(new Map([[2, 1001]]), 100_000, 'rows')).toEqual([
    { position: 2, of: 'rows', hit: 1001, seen: 100_000 },
  ])
})

test('holds at exactly 1,000 rows, and at exactly 1 %', () => {
  expect(blownFuses(new Map([[0, 1000]]), 1000, 'rows')).toEqual([])
  expect(blownFuses(new Map([[0, 2000]]), 200_000, 'objects')).toEqual([])
})

test('judges each match by itself, in order of position', () => {
  const hits = new Map([
    [7, 5000],
    [1, 3000],
    [3, 900],
  ])
  expect(blownFuses(hits, 10_000, 'rows').map(({ position }) => position)).toEqual([1, 7])
})
