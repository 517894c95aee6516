import { describe, expect, test } from 'vitest'
import { readJsonColumns } from './json-columns.ts'

const read = (text: string | Buffer, ...columns: string[]) =>
  Object.fromEntries(readJsonColumns(Buffer.from(text as string), { columns }))

describe('the columns of a JSON object', () => {
  test('are its scalars, by their paths, over several lines', () => {
    const text = JSON.stringify({ id: 'ann', n: 42, ok: true, no: null, user: { id: 7, deep: { x: 'y' } } }, null, 2)
    expect(read(text, 'id', 'n', 'ok', 'no', 'user.id', 'user.deep.x')).toEqual({
      id: 'ann',
      n: { number: '42' },
      ok: 'true',
      no: null,
      'user.id': { number: '7' },
      'user.deep.x': 'y',
    })
  })

  test('are those asked for, in either case; a number keeps its digits, a text loses its escapes', () => {
    const text = '\ufeff{"ID":9007199254740993,"other":1,"na\\u006de":"\\ud83d\\ude00\\n"}'
    expect(read(text, 'id', 'name')).toEqual({ ID: { number: '9007199254740993' }, name: '\u{1f600}\n' })
  })

  test('do not come from what lies in an array, or deeper than is asked for', () => {
    expect(read('{"a":[{"id":1}],"b":{"c":{"id":2}},"id":3}', 'id')).toEqual({ id: { number: '3' } })
  })

  test.each(['id', 'id[]', 'id[].x'])('an array where %s looks for a value is refused', (column) => {
    expect(() => read('{"id":["a","b"]}', column)).toThrow(expect.objectContaining({ code: 'unsupported-key' }))
  })

  test.each(['{"id":1,"id":2}', '{"a":{"b":1},"a.b":2}', '{"a":{"b":1},"a":{"b":1}}'])('%s has one twice', (text) => {
    expect(() => read(text, 'id', 'a.b')).toThrow(expect.objectContaining({ code: 'ambiguous-column' }))
  })

  test.each(['', '[]', '1', '{', '{"id":1', '{"id":01}', '{"id":1}{"id":2}', '{"id":"a\nb"}', '{"a":{"b":{"c":[}}}}'])(
    '%s is refused as malformed',
    (text) => {
      expect(() => read(text, 'id')).toThrow(expect.objectContaining({ code: 'malformed' }))
    },
  )

  test('are not those of another encoding', () => {
    expect(() => read(Buffer.from('{"id":"é"}', 'latin1'), 'id')).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
    expect(() => read(Buffer.from('{"id":1}', 'utf16le'), 'id')).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  test('of a text nested a hundred thousand deep are read without recursion', () => {
    const text = `{"x":${'{"y":'.repeat(100_000)}1${'}'.repeat(100_000)},"id":"ann"}`
    expect(read(text, 'id')).toEqual({ id: 'ann' })
  })
})
