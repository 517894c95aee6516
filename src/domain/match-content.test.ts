import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapperNamed } from '../../test/state/stores-suite.ts'
import { matchContent, printMatchContent, readMatchContent } from './match-content.ts'
import { canBeSearched } from './match-coverage.ts'

test('a content is read as it was printed, and the order of columns does not matter', () => {
  const text = fc.string({ unit: 'binary' })
  const columns = fc.dictionary(
    text.filter((name) => name !== '*'),
    text,
    { minKeys: 1, maxKeys: 5 },
  )
  fc.assert(
    fc.property(columns, (values) => {
      const pairs = Object.entries(values).map(([column, value]) => ({ column, value }))
      const printed = printMatchContent(matchContent(pairs)!)
      expect(printMatchContent(readMatchContent(printed))).toBe(printed)
      expect(printMatchContent(matchContent(pairs.toReversed())!)).toBe(printed)
      const read = readMatchContent(printed)
      expect(read.kind === 'columns' ? new Map(read.values.map((pair) => [pair.column, pair.value])) : read).toEqual(
        new Map(Object.entries(values)),
      )
    }),
  )
  fc.assert(
    fc.property(text, (value) => {
      const simple = matchContent([{ column: '*', value }])!
      expect(readMatchContent(printMatchContent(simple))).toEqual({ kind: 'simple', value })
      expect(printMatchContent(simple)).not.toBe(printMatchContent(matchContent([{ column: '', value }])!))
    }),
  )
})

test('any key column is no one of several', () => {
  expect(
    matchContent([
      { column: '*', value: '1' },
      { column: 'a', value: '2' },
    ]),
  ).toBeUndefined()
})

test.each([
  [[], true],
  [['user_id'], true],
  [['USER_ID'], true],
  [['born', 'last', 'date'], true],
  [['user_id', 'born'], true],
  [['email', 'born'], false],
  [['email'], true],
  [['ada@example.org'], false],
])('columns %j can be searched where one mapper has them together: %j', (columns, expected) => {
  const mappers = [
    mapperNamed('a', { columns: ['born', 'last'], partitionKeys: ['date'] }),
    mapperNamed('b', { keys: ['email'] }),
  ]
  expect(canBeSearched(columns, mappers)).toBe(expected)
})
