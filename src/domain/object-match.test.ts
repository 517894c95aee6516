import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Match } from './match.ts'
import { makeObjectMatch } from './object-match.ts'
import { literalPattern, parseObjectPattern } from './object-pattern.ts'
import { combineReadings, type Reading } from './object-reading.ts'
import { partitionColumns } from './partition.ts'
import { bind } from './predicate.ts'

function readings(pattern: string, name: string) {
  return parseObjectPattern(pattern)
    .readings(name)
    ?.map((reading) => [...reading.values()])
}

describe('a pattern', () => {
  test.each<[string, string, string[][]]>([
    ['/lake/{id}.csv', '/lake/42.csv', [['42']]],
    ['/lake/{id}.csv', '/lake/a-b-c.csv', [['a-b-c']]],
    ['/lake/{id}.csv', '/lake/a.csv.csv', [['a.csv']]],
    ['/lake/{id}.csv', '/lake/42.csv.gz', []],
    ['/lake/{id}.csv', '/lake/x/42.csv', []],
    ['/lake/{id}.csv', '/lake/.csv', []],
    ['/lake/{id}.csv', '/other/lake/42.csv', []],
    ['/lake/{id}/*', '/lake/42/x.csv', [['42']]],
    ['/lake/{id}/**', '/lake/42/x/y.csv', [['42']]],
    ['/lake/**/{id}.csv', '/lake/42.csv', [['42']]],
    ['/lake/**/{id}.csv', '/lake/a/b/42.csv', [['42']]],
    ['/lake/{id}/{id}.json', '/lake/42/42.json', [['42']]],
    ['/lake/{id}/{id}.json', '/lake/42/43.json', []],
    ['/lake/{year}/{id}.json', '/lake/2024/43.json', [['2024', '43']]],
    ['/lake/{id}-*.csv', '/lake/a-1.csv', [['a']]],
    ['/lake/{id}-*.csv', '/lake/a-b-1.csv', [['a'], ['a-b']]],
    ['/lake/**/{id}/*', '/lake/a/b/c', [['b']]],
    ['/lake/**/{id}/**', '/lake/a/b', [['a']]],
    ['/lake/\\{{id}\\}\\*.csv', '/lake/{42}*.csv', [['42']]],
    ['s3://bucket/{id}.png', 's3://bucket/ann@example.org.png', [['ann@example.org']]],
    ['/l/{id}', '/l/é😀', [['é😀']]],
  ])('%s reads %s', (pattern, name, expected) => {
    expect(readings(pattern, name)).toEqual(expected)
  })

  test.each([
    '/lake/a.csv',
    '',
    '/a/{}',
    '/a/{b',
    '/a/b}',
    '/a/**b/{id}',
    '/a/b**/{id}',
    '/a/{x/y}',
    '/a\\b/{id}',
    '/{id}\\',
  ])('%s is none, and the message does not repeat it', (text) => {
    const error = (() => {
      try {
        return parseObjectPattern(text)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ code: 'invalid-argument' })
    if (text.length > 2) expect((error as Error).message).not.toContain(text)
  })

  test('reads what it is made of, whatever the value is, and nothing else', () => {
    const value = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'))
    fc.assert(
      fc.property(fc.string(), value, fc.string(), (before, id, after) => {
        const pattern = parseObjectPattern(`${literalPattern(before)}{id}${literalPattern(after)}`)
        expect(pattern.readings(before + id + after)).toEqual([new Map([['id', id]])])
        expect(pattern.readings(`${before}${id}/x${after}`)).toEqual([])
      }),
    )
  })

  test('takes time in proportion to a hostile name, and tells when it cannot tell', () => {
    const name = `/${'a'.repeat(4000)}`
    expect(readings('/{a}*{b}*{c}*x', name)).toEqual([])
    expect(readings('/{a}*{b}*{c}', name)).toBeUndefined()
  })
})

function predicateOf(matches: readonly Record<string, string>[]) {
  return bind(
    matches.map(
      (columns, position): Match => ({
        kind: 'composite',
        position,
        values: Object.entries(columns).map(([column, value]) => ({ column, value })),
      }),
    ),
  )
}

describe('whose an object is', () => {
  function verdict(pattern: string, name: string, ...matches: Record<string, string>[]) {
    const predicate = predicateOf(matches)
    return makeObjectMatch(predicate)(parseObjectPattern(pattern).readings(name), partitionColumns(name))
  }

  test.each<[string, string, string, Record<string, string>[], object]>([
    ['the person looked for', '/c/{id}.csv', '/c/42.csv', [{ id: '42' }], { kind: 'whole', positions: [0] }],
    ['another', '/c/{id}.csv', '/c/43.csv', [{ id: '42' }], { kind: 'other' }],
    ['not cut at a separator', '/c/{id}.csv', '/c/ann-marie.csv', [{ id: 'ann' }], { kind: 'other' }],
    ['no number: names are text', '/c/{id}.csv', '/c/42.0.csv', [{ id: '42' }], { kind: 'other' }],
    ['not told by its name', '/c/{id}.csv', '/d/42.csv', [{ id: '42' }], { kind: 'unnamed' }],
    ['in another case of the column', '/c/{ID}.csv', '/c/42.csv', [{ id: '42' }], { kind: 'whole' }],
    ['of two columns', '/c/{y}/{id}.csv', '/c/1/2.csv', [{ id: '2', y: '1' }], { kind: 'whole' }],
    ['of one of two columns', '/c/{y}/{id}.csv', '/c/1/2.csv', [{ id: '2', y: '9' }], { kind: 'other' }],
    ['with a folder', '/y=1/{id}.csv', '/y=1/2.csv', [{ id: '2', y: '1' }], { kind: 'whole' }],
    ['left to its rows, by a folder alone', '/u=2/{id}.csv', '/u=2/9.csv', [{ u: '2' }], { kind: 'rows' }],
    ['by the second match', '/c/{id}.csv', '/c/2.csv', [{ id: '1' }, { id: '2' }], { kind: 'whole', positions: [1] }],
    [
      'left to its rows',
      '/c/{id}.csv',
      '/c/2.csv',
      [{ id: '2', mail: 'x' }],
      { kind: 'rows', toldColumns: [{ name: 'id', value: '2' }] },
    ],
    ['whole all the same', '/c/{id}.csv', '/c/2.csv', [{ mail: 'x' }, { id: '2' }], { kind: 'whole', positions: [1] }],
    ["nobody's, however it is read", '/c/{id}-*', '/c/a-b-c', [{ id: 'x' }], { kind: 'other' }],
  ])('%s', (_, pattern, name, matches, expected) => {
    expect(verdict(pattern, name, ...matches)).toMatchObject(expected)
  })

  test("is refused where one of several ways to read the name is a person's", () => {
    expect(() => verdict('/c/{id}-*.csv', '/c/a-b-1.csv', { id: 'a' })).toThrow(/several ways/)
    expect(() => verdict('/c/{id}-*.csv', '/c/a-b-1.csv', { id: 'a-b' })).toThrow(/several ways/)
    expect(() => verdict('/c/{id}-*.csv', '/c/a-b-1.csv', { mail: 'a' })).toThrow(/several ways/)
  })

  describe('with tags and a sidecar', () => {
    const one = (entries: Record<string, string | { number: string } | null>): Reading[] => [
      new Map(Object.entries(entries)),
    ]
    const judge = (sources: (readonly Reading[] | undefined)[], ...matches: Record<string, string>[]) =>
      makeObjectMatch(predicateOf(matches))(combineReadings(sources), [])

    test('a match may ask for columns of several of them', () => {
      const sources = [one({ year: '2024' }), [], one({ id: 'ann' })]
      expect(judge(sources, { id: 'ann', year: '2024' })).toMatchObject({ kind: 'whole', positions: [0] })
      expect(judge(sources, { id: 'ann', year: '2025' })).toMatchObject({ kind: 'other' })
    })

    test('they are refused where they contradict each other about the person looked for, and only there', () => {
      const sources = [one({ id: 'ann' }), one({ id: 'bob' })]
      expect(() => judge(sources, { id: 'ann' })).toThrow(/several ways/)
      expect(() => judge(sources, { id: 'bob' })).toThrow(/several ways/)
      expect(judge(sources, { id: 'eve' })).toMatchObject({ kind: 'other' })
    })

    test.each<[string, string, boolean]>([
      ['42', '42', true],
      ['4.2e1', '42.0', true],
      ['9007199254740993', '9007199254740992', false],
      ['7', '007', false],
    ])('the number %s is the match %s: %s', (number, id, isHit) => {
      expect(judge([one({ id: { number } })], { id }).kind).toBe(isHit ? 'whole' : 'other')
    })

    test('null is nobody, and rows are given a number as the match spells it', () => {
      expect(judge([one({ id: null })], { id: 'null' })).toMatchObject({ kind: 'other' })
      expect(judge([one({ id: { number: '42.0' } })], { id: '42', mail: 'x' })).toMatchObject({
        toldColumns: [{ name: 'id', value: '42' }],
      })
    })

    test('too many ways to read them are not told apart', () => {
      const many = Array.from({ length: 40 }, (_, id) => new Map([['id', `${id}`]]))
      expect(() => judge([many, many], { id: 'x' })).toThrow(/several ways/)
    })
  })
})
