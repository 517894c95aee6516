import { expect, test } from 'vitest'
import type { ColumnValue, Match } from './match.ts'
import { nameStillTells } from './name-tells.ts'
import { bind } from './predicate.ts'

const simple = (value: string, position = 0): Match => ({ kind: 'simple', column: 'id', value, position })
const composite = (values: readonly ColumnValue[], position = 0): Match => ({ kind: 'composite', values, position })

/** The warning for an object with these paths, where each match hit some rows. */
function warningFor(paths: readonly string[], matches: readonly Match[], hits: readonly (readonly [number, number])[]) {
  return nameStillTells(paths, { predicate: bind(matches), hits: new Map(hits) })
}

const warns = (path: string, value: string) => warningFor([path], [simple(value)], [[0, 3]]) !== undefined

test.each([
  ['a partition folder', '/lake/id=42/part-0.json', '42'],
  ['one that is percent-encoded', '/lake/email=ada%40example.org/part-0.json', 'ada@example.org'],
  ['one that is percent-encoded and holds a slash', '/lake/path=a%2Fb/part-0.json', 'a/b'],
  ['one beside a folder that is no valid encoding', '/lake/50%/email=ada%40example.org/x', 'ada@example.org'],
  ['a folder', '/lake/ada@example.org/part-0.json', 'ada@example.org'],
  ['the object itself', '/lake/export-4711.json', '4711'],
  ['a word in the name', '/lake/Grace Hopper (2024).json', 'Grace Hopper'],
])('a match that hits rows and stands in the name of %s is warned about', (_, path, value) => {
  expect(warningFor([path], [simple(value)], [[0, 3]])).toEqual({ code: 'name-still-tells', count: 3 })
})

test('only whole words tell', () => {
  expect(warns('/lake/day=2024-01-04/part-142.json', '42')).toBe(false)
  expect(warns('/lake/adam/x', 'ada')).toBe(false)
  expect(warns('/lake/année/x', 'ann')).toBe(false)
  expect(warns('/lake/x', '')).toBe(false)
  expect(warns('/lake/ada/adam', 'ada')).toBe(true)
})

test('a match that hit no row is not warned about', () => {
  expect(warningFor(['/lake/id=42/x'], [simple('42')], [])).toBeUndefined()
  expect(warningFor(['/lake/id=42/x'], [simple('42', 0), simple('7', 1)], [[1, 5]])).toBeUndefined()
})

test('any value of a composite tells, and the name of the link as well as that of the file', () => {
  const match = composite([
    { column: 'last', value: 'Hopper' },
    { column: 'born', value: '1906' },
  ])
  for (const paths of [['/a/1906/x'], ['/a/x', '/b/last=Hopper/x']]) {
    expect(warningFor(paths, [match], [[0, 2]])).toEqual({ code: 'name-still-tells', count: 2 })
  }
})

test('the warning counts the rows of all matches that the name tells', () => {
  const matches = [simple('1', 0), simple('2', 1), simple('3', 2)]
  const hits = [
    [0, 3],
    [1, 4],
    [2, 9],
  ] as const
  expect(warningFor(['/id=1/id=2/x'], matches, hits)?.count).toBe(7)
})
