import { expect, test } from 'vitest'
import { matchesOf } from '../../../test/erase-bytes.ts'
import { bind } from '../../domain/predicate.ts'
import { compilePredicate } from './compiled-predicate.ts'
import { TupleSieve } from './tuple-sieve.ts'

const { groups } = compilePredicate(bind(matchesOf({ a: '1', b: '2' }, { c: '3' })))
const [a, b] = groups[0]!.slots as [number, number]
const [c] = groups[1]!.slots as [number]

test('a group is met when each of its columns has a text, in one line', () => {
  const sieve = new TupleSieve(groups, () => false)
  expect([sieve.note(a), sieve.note(a), sieve.note(b), sieve.note(a)]).toEqual([false, false, true, true])
  sieve.clear()
  expect([sieve.note(b), sieve.note(b), sieve.note(c), sieve.note(a)]).toEqual([false, false, true, true])
})

test('a column that the folders give is met in every line, by itself or not', () => {
  const sieve = new TupleSieve(groups, (slot) => slot === b)
  for (let line = 0; line < 2; line += 1) {
    expect([sieve.note(b), sieve.note(a), sieve.note(b)]).toEqual([false, true, true])
    sieve.clear()
  }
})
