import { expect, test } from 'vitest'
import { counted, printable, sized } from './printable.ts'

test('shows control characters, which could forge lines or move the cursor, as escapes', () => {
  expect(printable('a\u001b[2Kb\nc\u202ed\u007f')).toBe('a\\u{1b}[2Kb\\u{a}c\\u{202e}d\\u{7f}')
  expect(printable('Löwe 😀/part=1')).toBe('Löwe 😀/part=1')
})

test('counts things', () => {
  expect([counted(0, 'row'), counted(1, 'row'), counted(12345, 'row')]).toEqual(['0 rows', '1 row', '12,345 rows'])
  expect(counted(2, 'match', 'matches')).toBe('2 matches')
})

test('sizes never show four digits before the point', () => {
  const sizes = [0, 999, 1000, 999_949, 999_950, 1_500_000, 2e15]
  expect(sizes.map(sized)).toEqual(['0 B', '999 B', '1.0 kB', '999.9 kB', '1.0 MB', '1.5 MB', '2.0 PB'])
})
