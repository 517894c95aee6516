import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFlatObject } from './flat-object.ts'

const read = (text: string) => {
  const values = readFlatObject(text)
  return 'problem' in values ? values.problem : values.map(({ column, value }) => [column, value])
}

describe('readFlatObject', () => {
  test('reads texts as JSON.parse does', () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { minKeys: 1 })
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 1, '\t'), (object, space) => {
        const text = JSON.stringify(object, undefined, space)
        expect(read(text)).toEqual(Object.entries(JSON.parse(text) as object))
      }),
    )
  })

  test('accepts no text that JSON.parse does not', () => {
    const pieces = fc.constantFrom('{', '}', '"a"', '"b\\u0041"', ':', ',', '1', '-0.5e+2', 'true', ' ', '\n', '01')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        if (Array.isArray(read(text))) expect(() => JSON.parse(text) as unknown).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['9007199254740993', '9007199254740993'],
    ['1e2', '1e2'],
    ['-0.10', '-0.10'],
    ['1e999999999', '1e999999999'],
    ['true', 'true'],
    ['false', 'false'],
    ['"007"', '007'],
    ['""', ''],
    ['"\\u0076\\ud83d\\ude00\\/"', 'v😀/'],
  ])('takes %s as the text %s', (token, text) => {
    expect(read(`{"id":${token}}`)).toEqual([['id', text]])
  })

  test.each(['null', '[]', '[1]', '{}', '{"a":1}'])('is no match with %s as a value', (value) => {
    expect(read(`{"a":1,"id":${value}}`)).toMatch(/null, an array or an object/)
  })

  test.each([
    '',
    '{',
    '{"id"}',
    '{"id":}',
    '{"id":1',
    '{"id":1,}',
    '{"id":007}',
    '{"id":+1}',
    '{"id":NaN}',
    "{'id':1}",
    '{"id":"a\nb"}',
    '{"id":"\\x"}',
    '{"id":"a}',
    '{"id":1} {"id":2}',
    '{"id":1}x',
    '{id:1}',
    '[{"id":1}]',
    '"id"',
    '42',
  ])('is no object: %j', (text) => {
    expect(read(text)).toMatch(/no JSON object/)
  })

  test('is no match without a column, or with one twice, whatever its spelling', () => {
    expect(read(' { } ')).toMatch(/no column/)
    expect(read('{"id":"1","\\u0069d":"2"}')).toMatch(/twice/)
  })

  test('reads a text of a megabyte', () => {
    const long = 'x\\n'.repeat(300_000)
    expect(read(`{"id":"${long}"}`)).toEqual([['id', 'x\n'.repeat(300_000)]])
  })
})
