import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ColumnValue, Match } from './match.ts'
import { bind, describePredicate, type Predicate } from './predicate.ts'

const simple = (value: string, position: number, column?: string): Match =>
  column === undefined ? { kind: 'simple', value, position } : { kind: 'simple', value, column, position }
const composite = (values: Record<string, string>, position: number): Match => ({
  kind: 'composite',
  values: Object.entries(values).map(([column, value]) => ({ column, value })),
  position,
})

/** The alternatives of a predicate in the open: each a tuple of column = text, and the match that it comes from. */
function alternatives({ groups }: Predicate): { tuple: Record<string, string>; position: number }[] {
  return groups.flatMap(({ columns, texts, tuples, positions }) =>
    [...positions].map((position, row) => ({
      tuple: Object.fromEntries(
        columns.map((column, index) => [column, texts[index]![tuples[row * columns.length + index]!]!]),
      ),
      position,
    })),
  )
}

describe('bind', () => {
  test('tests a simple match on every key column, or on the one that it names', () => {
    expect(alternatives(bind([simple('x', 0)], ['a', 'b']))).toEqual([
      { tuple: { a: 'x' }, position: 0 },
      { tuple: { b: 'x' }, position: 0 },
    ])
    expect(alternatives(bind([simple('x', 0, 'c')], ['a', 'b']))).toEqual([{ tuple: { c: 'x' }, position: 0 }])
  })

  test('keeps a composite whole, whatever the order of its columns', () => {
    const predicate = bind([composite({ last: 'L', born: 'B' }, 0), composite({ born: 'C', last: 'M' }, 1)])
    expect(predicate.groups).toHaveLength(1)
    expect(alternatives(predicate)).toEqual([
      { tuple: { born: 'B', last: 'L' }, position: 0 },
      { tuple: { born: 'C', last: 'M' }, position: 1 },
    ])
  })

  test('makes a composite of one column the same as a simple match', () => {
    expect(alternatives(bind([composite({ a: 'x' }, 0), simple('x', 1, 'a')]))).toEqual([
      { tuple: { a: 'x' }, position: 0 },
    ])
  })

  test('keeps 0, the empty text and edge spaces as they are', () => {
    const tuples = alternatives(bind([simple('0', 0), simple('', 1), simple(' 0 ', 2)], ['a']))
    expect(tuples.map(({ tuple }) => tuple['a'])).toEqual(['0', '', ' 0 '])
  })

  test('holds exactly the distinct tuples, each with its first position', () => {
    const columns = fc.constantFrom('a', 'b', 'c')
    const tuples = fc.uniqueArray(fc.record({ column: columns, value: fc.constantFrom('0', '', '1,2', '1') }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ column }) => column,
    })
    const key = (values: readonly ColumnValue[]): string =>
      JSON.stringify([...values].map(({ column, value }) => [column, value]).sort())
    fc.assert(
      fc.property(fc.array(tuples, { maxLength: 30 }), (all) => {
        const expected = new Map<string, number>()
        all.forEach((values, position) => {
          if (!expected.has(key(values))) expected.set(key(values), position)
        })
        const bound = bind(all.map((values, position): Match => ({ kind: 'composite', values, position })))
        const actual = alternatives(bound).map(({ tuple, position }) => [
          key(Object.entries(tuple).map(([column, value]) => ({ column, value }))),
          position,
        ])
        expect(new Map(actual as [string, number][])).toEqual(expected)
        expect(actual).toHaveLength(expected.size)
      }),
    )
  })

  test('tells of every column the first match that names it', () => {
    const { columns } = bind([simple('x', 3, 'b'), composite({ a: '1', b: '2' }, 1)])
    expect(columns).toEqual(
      new Map([
        ['b', 1],
        ['a', 1],
      ]),
    )
  })

  test.each([
    ['a simple match without a column', [simple('secret', 4)], []],
    ['a composite of no column', [composite({}, 4)], ['a']],
    [
      'a composite that names a column twice',
      [
        {
          kind: 'composite',
          values: [
            { column: 'a', value: 'secret' },
            { column: 'a', value: 'y' },
          ],
          position: 4,
        } as Match,
      ],
      ['a'],
    ],
  ])('refuses %s by its place, without its value', (_, matches, keyColumns) => {
    let message = ''
    try {
      bind(matches, keyColumns)
    } catch (error) {
      message = String(error)
      expect(error).toMatchObject({ code: 'invalid-match', outcome: 'usage' })
    }
    expect(message).toContain('match 5')
    expect(message).not.toContain('secret')
  })
})

describe('describePredicate', () => {
  test('prints the shape with counts and no value', () => {
    const matches = [
      simple('Ada', 0, 'first'),
      composite({ last: 'L', born: '1' }, 1),
      composite({ born: '2', last: 'M' }, 2),
      composite({ born: '1', last: 'L' }, 3),
    ]
    expect(describePredicate(bind(matches))).toBe('first = <1 value> OR (last, born) = <2 tuples>')
  })
})
