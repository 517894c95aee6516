import { describe, expect, test } from 'vitest'
import {
  eraseFromBytes,
  findInBytes,
  matchesOf,
  rowsOf as ordinalsOf,
  type SearchOptions,
  searchFor,
} from '../../../test/erase-bytes.ts'
import { LetheError } from '../../domain/error.ts'
import type { Match } from '../../domain/match.ts'
import type { Found } from '../format.ts'
import { plain } from '../plain.ts'
import { ndjson } from './ndjson.ts'

const format = plain(ndjson)

function find(content: string | Buffer, matches: readonly Match[], options?: SearchOptions): Promise<Found> {
  return findInBytes(format, Buffer.from(content as Buffer), searchFor(matches, options))
}

async function rowsOf(...request: Parameters<typeof find>): Promise<number[]> {
  return ordinalsOf(await find(...request))
}

/** The object without the matching rows, a character a byte. */
async function erasedText(
  content: string | Buffer,
  matches: readonly Match[],
  options?: SearchOptions,
): Promise<string> {
  const erased = await eraseFromBytes(format, Buffer.from(content as Buffer), searchFor(matches, options))
  return erased.toString('latin1')
}

async function refusalOf(work: Promise<unknown>): Promise<{ code: string; detail: unknown }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof LetheError)) throw new Error('was not refused')
  expect(error.outcome).toBe('refused')
  return { code: error.code, detail: error.detail }
}

const id42 = matchesOf({ id: '42' })

describe('kept lines', () => {
  test('stay byte for byte: order, spaces, escapes, numbers, duplicate keys', async () => {
    const kept = [
      '{"b":1,"a":2}',
      ' { "id" : "7" , "n" : 1.0e+2 , "big":9007199254740993 }\t',
      '{"id":"\\u0037","id":"8","s":"\\/\\ud83d\\ude00"}',
      '{"z":-0.0,"id":null}',
    ]
    expect(await erasedText(`${kept[0]}\n${kept[1]}\n{"id":42}\n${kept[2]}\n${kept[3]}\n`, id42)).toBe(
      `${kept.join('\n')}\n`,
    )
  })

  test('stay with their CRLF, and blank lines with theirs', async () => {
    const content = '{"id":1}\r\n\r\n{"id":42}\r\n  \r\n{"id":2}\r\n'
    expect(await erasedText(content, id42)).toBe('{"id":1}\r\n\r\n  \r\n{"id":2}\r\n')
  })

  test('stay without a last newline', async () => {
    expect(await erasedText('{"id":42}\n{"id":1}', id42)).toBe('{"id":1}')
  })

  test('stay with their newline when a last line without one goes', async () => {
    expect(await erasedText('{"id":1}\n{"id":42}', id42)).toBe('{"id":1}\n')
  })

  test('stay with invalid UTF-8 in a key or value', async () => {
    const odd = '{"id":"\xff\xfe","\xc3":"\x80"}\n'
    const content = Buffer.from(`${odd}{"id":"42","x":"\xc0"}\n${odd}`, 'latin1')
    expect(await erasedText(content, id42)).toBe(odd + odd)
  })

  test('stay behind a byte-order mark, which is part of no line', async () => {
    expect(await erasedText('\ufeff{"id":42}\n{"id":1}\n', id42)).toBe('\xef\xbb\xbf{"id":1}\n')
    expect(await erasedText('\ufeff{"id":42}', id42)).toBe('\xef\xbb\xbf')
    expect(await rowsOf('\ufeff{"id":42}', id42)).toEqual([0])
  })
})

describe('rows', () => {
  test('are physical lines from 0, blank and malformed ones counted', async () => {
    const content = '\n{"id":42}\nbroken\n{"id":42}\n\n'
    expect(await rowsOf(content, id42, { malformed: 'keep' })).toEqual([1, 3])
    expect((await find(content, id42, { malformed: 'keep' })).rowsSeen).toBe(5)
  })

  test('are none in an empty object, or in a byte-order mark', async () => {
    expect((await find('', id42)).rowsSeen).toBe(0)
    expect((await find('\ufeff', id42)).rowsSeen).toBe(0)
  })

  test('that are scalars, or arrays of scalars, are kept', async () => {
    const others = '42\n"42"\ntrue\nnull\n[42]\n[]\n[["42"]]\n[{}]\n'
    expect(await erasedText(`${others}{"id":42}\n`, id42)).toBe(others)
    expect(
      await rowsOf(others, matchesOf({ region: 'eu' }), { partitions: [{ name: 'region', value: 'eu' }] }),
    ).toEqual([])
  })
})

describe('a value', () => {
  const column = async (text: string, json: string) => (await rowsOf(`{"id":${json}}`, matchesOf({ id: text }))).length

  test.each([
    ['v', '"\\u0076"'],
    ['é', '"\u00e9"'],
    ['é', '"\\u00E9"'],
    ['😀', '"\\ud83d\\uDE00"'],
    ['a/b"\\\b\f\n\r\t', '"a\\/b\\"\\\\\\b\\f\\n\\r\\t"'],
    ['\ud800', '"\\ud800"'],
    ['\ud800x', '"\\ud800x"'],
    ['\ud800A\udc00', '"\\ud800\\u0041\\udc00"'],
    ['', '""'],
    ['0', '"0"'],
    [' a ', '" a "'],
    ['{"a":1}', '"{\\"a\\":1}"'],
  ])('that is a string equals the text of the same characters: %j', async (text, json) => {
    expect(await column(text, json)).toBe(1)
  })

  test.each([
    ['a', '"A"'],
    ['a', '" a"'],
    ['é', '"e\u0301"'],
    ['42', '"42.0"'],
    ['42.0', '"42"'],
    ['\ufffd', '"\\ud800"'],
    ['\ud800', '"\ufffd"'],
    ['null', 'null'],
    ['', 'null'],
    ['1', 'true'],
    ['0', 'false'],
    ['True', 'true'],
  ])('is nothing else: %j is not %s', async (text, json) => {
    expect(await column(text, json)).toBe(0)
  })

  test('of invalid UTF-8 is not the text that a replacement would make of it', async () => {
    const content = Buffer.from('{"id":"\xff"}\n{"id":"\\u0061\xff"}\n{"id":"\xed\xa0\x80"}', 'latin1')
    expect(await rowsOf(content, matchesOf({ id: '\ufffd' }, { id: 'a\ufffd' }, { id: '\ud800' }))).toEqual([])
  })

  test.each([
    ['42', '42'],
    ['42', '42.0'],
    ['42', '4.2e1'],
    ['42', '420E-1'],
    ['42', '42e+0'],
    ['42.0', '42'],
    ['42.50', '42.5'],
    ['0.1', '1e-1'],
    ['-7', '-7.0'],
    ['0', '-0'],
    ['-0', '0'],
    ['-0.0', '0e99'],
    ['0', '0e999999999999999999999'],
    ['100', '1e2'],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740993', '9007199254740993.0'],
    ['true', 'true'],
    ['false', 'false'],
  ])('that is a number or boolean equals the text of the same: %s is %s', async (text, json) => {
    expect(await column(text, json)).toBe(1)
  })

  test.each([
    ['9007199254740993', '9007199254740992'],
    ['9007199254740992', '9007199254740993'],
    ['42', '-42'],
    ['42', '420'],
    ['007', '7'],
    ['12e4', '12e4'],
    ['12e4', '120000'],
    ['+7', '7'],
    ['.5', '0.5'],
    ['1', '1e999999999'],
    ['1', '1e-999999999'],
    ['1000', '1e9999999999999999999999'],
  ])('that is a number equals no other: %s is not %s', async (text, json) => {
    expect(await column(text, json)).toBe(0)
  })

  test('of any length is compared: a number of 40 MB', async () => {
    const zeros = '0'.repeat(40_000_000)
    expect(await rowsOf(`{"id":42.${zeros}}\n{"id":43.${zeros}}\n`, id42)).toEqual([0])
  })

  test('that equals several texts hits each of their matches', async () => {
    const { hits } = await find('{"id":42}\n{"id":"42"}\n', matchesOf({ id: '42' }, { id: '42.0' }, { id: '43' }))
    expect(hits).toEqual(
      new Map([
        [0, 2],
        [1, 1],
      ]),
    )
  })

  test('that is an array or object matches nothing, and is a warning for its row', async () => {
    const found = await find('{"id":[42]}\n{"id":{"id":42}}\n{"id":[],"id":42}\n{"id":1}\n', id42)
    expect([...found.rows]).toEqual([{ start: 2, end: 3 }])
    expect(found.warnings).toEqual([{ code: 'array-at-key', count: 3 }])
  })
})

describe('a column', () => {
  test('is the key of exactly that name', async () => {
    expect(await rowsOf('{"id":42}\n{"ID":42}\n{"id":1,"ID":42}\n{"ids":42}\n{"i":42}\n', id42)).toEqual([0, 1])
  })

  test('is null where its key is, whatever a key says that differs in case', async () => {
    expect(await rowsOf('{"id":null,"Id":42}', id42)).toEqual([])
  })

  test('is any of the keys that differ in case alone, line by line', async () => {
    expect(await rowsOf('{"ID":1,"Id":42}\n{"ID":42,"Id":1}\n{"ID":1}\n', id42)).toEqual([0, 1])
    expect(await rowsOf('{"É":42}\n{"\u212a":42}\n', matchesOf({ é: '42' }, { k: '42' }))).toEqual([0, 1])
  })

  test('has any of the values of a duplicate key', async () => {
    expect(await rowsOf('{"id":1,"id":42}\n{"id":42,"id":1}\n{"id":42,"id":null}\n', id42)).toEqual([0, 1, 2])
  })

  test('may be spelled with escapes', async () => {
    expect(await rowsOf('{"\\u0069d":42}\n{"\\u0049D":42}\n{"i\\u0064":1,"ID":42}\n', id42)).toEqual([0, 1])
  })

  test('may have any name', async () => {
    const names = ['', ' ', '"', '\\', 'a\nb', '__proto__', 'constructor', 'ключ', '[]', '.', 'x'.repeat(300)]
    for (const name of names) {
      const content = `${JSON.stringify({ other: 42 })}\n{${JSON.stringify(name)}:42}\n`
      expect(await rowsOf(content, matchesOf({ [name]: '42' }))).toEqual([1])
    }
  })

  test('lies at the top level', async () => {
    expect(await rowsOf('{"a":{"id":42},"b":[{"id":42}],"id":1}\n', id42)).toEqual([])
  })

  test('is told in what was found, as the match spells it, where any row has it', async () => {
    const matches = matchesOf(
      { id: 'x' },
      { name: 'x' },
      { 'tags[]': 'x' },
      { 'a.b': 'x' },
      { gone: 'x' },
      { region: 'x' },
    )
    const content = '{"other":1}\n{"ID":null,"tags":[]}\n{"a":{"b":{}}}\n'
    const { columns } = await find(content, matches, { partitions: [{ name: 'region', value: null }] })
    expect(columns).toEqual(new Set(['id', 'tags[]', 'a.b', 'region']))
  })
})

describe('a dotted name', () => {
  const match = matchesOf({ 'user.id': '42' })

  test('is a path, unless a key has that very name', async () => {
    const content = '{"user":{"id":42}}\n{"user.id":42}\n{"user.id":1,"user":{"id":42}}\n{"user":{"x":{"id":42}}}\n'
    expect(await rowsOf(content, match)).toEqual([0, 1])
  })

  test('is the path that differs in case only where no exact one is', async () => {
    const content =
      '{"User":{"ID":42}}\n{"User":{"ID":42},"user":{"id":1}}\n{"User":{"ID":42},"user":null}\n{"USER.ID":42}\n'
    expect(await rowsOf(content, match)).toEqual([0, 2, 3])
  })

  test('goes through no array without brackets', async () => {
    expect(await rowsOf('{"user":[{"id":42}]}\n', match)).toEqual([])
  })

  test('warns of an array or object at its end', async () => {
    const { warnings } = await find('{"user":{"id":[42]}}\n{"user":{"id":{}}}\n{"id":[1]}\n', match)
    expect(warnings).toEqual([{ code: 'array-at-key', count: 2 }])
  })

  test('with brackets is any element', async () => {
    const content = [
      '{"items":[{"user_id":1},{"user_id":42}]}',
      '{"items":[]}',
      '{"items":{"user_id":42}}',
      '{"items":[[{"user_id":42}]]}',
      '{"items":[null,7,"42",{"x":[{"user_id":42}]}]}',
      '{"items[].user_id":42}',
      '{"items":[{"user_id":[42]},{"user_id":42}]}',
    ].join('\n')
    const found = await find(content, matchesOf({ 'items[].user_id': '42' }))
    expect([...found.rows]).toEqual([
      { start: 0, end: 1 },
      { start: 5, end: 7 },
    ])
    expect(found.warnings).toEqual([{ code: 'array-at-key', count: 1 }])
  })

  test('with brackets at its end is any scalar element', async () => {
    const content =
      '{"tags":["a","42"]}\n{"tags":"42"}\n{"tags":[["42"]]}\n{"tags":[1,42.0]}\n{"Tags":["42"]}\n{"tags":[{"tags":["42"]}]}\n'
    const found = await find(content, matchesOf({ 'tags[]': '42' }))
    expect(ordinalsOf(found)).toEqual([0, 3, 4])
    expect(found.warnings).toEqual([{ code: 'array-at-key', count: 2 }])
  })

  test('with two pairs of brackets is any element of an array of arrays', async () => {
    expect(await rowsOf('{"m":[[1],[2,42]]}\n{"m":[42]}\n{"m":[[[42]]]}\n', matchesOf({ 'm[][]': '42' }))).toEqual([0])
  })
})

describe('a composite', () => {
  test('holds where all of its columns hold in the same line', async () => {
    const content = '{"a":"1","b":"2"}\n{"a":"1","b":"3"}\n{"a":"1"}\n{"b":"2","x":{"a":"1"}}\n{"b":2,"a":1.0}\n'
    expect(await rowsOf(content, matchesOf({ a: '1', b: '2' }))).toEqual([0, 4])
  })

  test('is one of its tuples, not a mixture', async () => {
    const matches = matchesOf({ a: '1', b: '2' }, { a: '3', b: '4' })
    expect(await rowsOf('{"a":"1","b":"4"}\n{"a":"3","b":"4"}\n{"a":"3","b":"2"}\n', matches)).toEqual([1])
  })

  test('takes any value of duplicate keys and of array elements', async () => {
    const content = '{"a":"1","a":"9","t":["x","y"]}\n{"a":"1","t":["x"]}\n'
    expect(await rowsOf(content, matchesOf({ a: '9', 't[]': 'y' }))).toEqual([0])
  })

  test('of many values in one line is compared with tuples, not with every mixture of values', async () => {
    const count = 3000
    const numbers = Array.from({ length: count }, (_, index) => `${index}`)
    const matches = matchesOf(...numbers.map((number) => ({ 'a[]': number, 'b[]': number, 'c[]': `${count}` })))
    const line = JSON.stringify({ a: numbers, b: numbers, c: [...numbers, 'x'] })
    const hit = JSON.stringify({ a: numbers, b: ['7'], c: [...numbers, `${count}`] })
    const { hits } = await find(`${line}\n${hit}\n`, matches)
    expect(hits).toEqual(new Map([[7, 1]]))
  })

  test('counts a line once for each match that hits it', async () => {
    const { hits } = await find('{"a":"1","b":"2"}\n', matchesOf({ a: '1', b: '2' }, { a: '1' }, { b: '1' }))
    expect(hits).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    )
  })
})

describe('a partition folder', () => {
  const eu = { partitions: [{ name: 'region', value: 'eu' }] }

  test('is a text column of every line that has no such key', async () => {
    const content = '{"id":1}\n{"id":2,"region":"us"}\n{"region":null}\n{"Region":"us"}\n'
    expect(await rowsOf(content, matchesOf({ region: 'eu' }), eu)).toEqual([0, 3])
  })

  test('takes part in composites', async () => {
    const content = '{"id":42}\n{"id":42,"region":"us"}\n{"id":1}\n{"id":42}\n'
    expect(await rowsOf(content, matchesOf({ region: 'eu', id: '42' }), eu)).toEqual([0, 3])
    expect(await rowsOf(content, matchesOf({ region: 'us', id: '42' }), eu)).toEqual([1])
  })

  test('is text, never a number, and never matches where it is null', async () => {
    const partitions = [
      { name: 'id', value: '42' },
      { name: 'day', value: null },
    ]
    expect(await rowsOf('{}\n', matchesOf({ id: '42.0' }, { day: 'null' }, { day: '' }), { partitions })).toEqual([])
    expect(await rowsOf('{}\n', matchesOf({ id: '42' }), { partitions })).toEqual([0])
  })

  test('that differs in case alone counts beside a key that does', async () => {
    const content = '{"x":1}\n{"REGION":"us"}\n'
    const partitions = [{ name: 'Region', value: 'eu' }]
    expect(await rowsOf(content, matchesOf({ region: 'eu' }), { partitions })).toEqual([0, 1])
    expect(await rowsOf(content, matchesOf({ region: 'us' }), { partitions })).toEqual([1])
  })
})

describe('malformed content', () => {
  const good = '{"id":1}\n'

  test.each([
    '{"id":',
    'oops',
    '{oops}',
    '{"id":1}}',
    '{"id":1]',
    '{"a":[1}',
    '{"id" 1}',
    '{"id":1',
    '{"id":"1}',
    "{'id':1}",
    '{"a":1} {"b":2}',
    '\ufeff{"id":1}',
  ])('refuses the object and names the line: %s', async (line) => {
    expect(await refusalOf(find(`${good}${line}\n${good}`, id42))).toEqual({ code: 'malformed', detail: { line: 2 } })
  })

  test.each([
    '{"id":042}',
    '{"id":"42","x":01}',
    '{"id":42,"x":NaN}',
    '{"id":42,"x":"\t"}',
    '{"id":42,"x":"\\x"}',
    '{"id":forty}',
    '{"id":"\\u00zz"}',
    '{"\\i":42}',
  ])('refuses the object where the line could hold a matched value: %s', async (line) => {
    expect(await refusalOf(find(`${good}${line}\n${good}`, id42))).toEqual({ code: 'malformed', detail: { line: 2 } })
  })

  test('refuses the object where the value could be an element of an array in an array of values', async () => {
    const matches = matchesOf({ 'tags[]': '1' }, { 'tags[].x[]': '42' })
    const line = '{"tags":[{"x":["42"]}],"n":NaN}'
    expect((await refusalOf(find(`${line}\n`, matches))).code).toBe('malformed')
  })

  test('inside a word or string that no match looks at is let pass', async () => {
    const lines = '{"id":1,"x":NaN}\n{"id":2,"x":-Infinity}\n{"id":3,"x":"\t\\x"}\n'
    expect(await erasedText(`${lines}{"id":42}\n`, id42)).toBe(lines)
    const found = await find(lines, id42, { malformed: 'keep' })
    expect(found.warnings).toEqual([])
    expect(found.columns).toEqual(new Set(['id']))
  })

  test('is kept byte for byte and counted where that was asked for', async () => {
    const broken = ['{"id":42', 'oops', '{"id":42}}', '{"id":42,"x":NaN}', '{"a":1,']
    const content = broken.map((line) => `${line}\n{"id":42}\n`).join('')
    expect(await erasedText(content, id42, { malformed: 'keep' })).toBe(`${broken.join('\n')}\n`)
    expect((await find(content, id42, { malformed: 'keep' })).warnings).toEqual([{ code: 'malformed-kept', count: 5 }])
  })

  const elsewhere = { utf16le: Buffer.from(good, 'utf16le'), utf16be: Buffer.from(good, 'utf16le').swap16() }
  const unsupported: Record<string, string | Buffer> = {
    'pretty-printed JSON': '{\n  "id": 42,\n  "x": [\n    1\n  ]\n}\n',
    'pretty-printed JSON behind good lines': `${good}{\n  "id": 42\n}\n{\n  "id": 1\n}\n`,
    'an array that holds objects on one line': '[{"id":42}]\n',
    'an array that holds objects in arrays': '[[1],[{"a":[]}]]\n',
    'an array over several lines': '[\n{"id":42},\n{"id":1}\n]\n',
    'an array that begins beside its first object': '[{"id":42},\n{"id":1}]\n',
    'an array over several lines that is cut off': '[\n{"id":42},\n{"id":1}',
    'a long array over several lines': `[\n${'{"id":42},\n'.repeat(100)}`,
    'UTF-16LE': elsewhere.utf16le,
    'UTF-16BE': elsewhere.utf16be,
    'UTF-16LE with a mark': Buffer.concat([Buffer.of(0xff, 0xfe), elsewhere.utf16le]),
    'UTF-16BE with a mark': Buffer.concat([Buffer.of(0xfe, 0xff), elsewhere.utf16be]),
    'UTF-16LE behind a blank line': Buffer.from(`\n${good}`, 'utf16le'),
    'UTF-32LE': Buffer.from([...good].flatMap((character) => [character.charCodeAt(0), 0, 0, 0])),
    'UTF-32BE': Buffer.from([...good].flatMap((character) => [0, 0, 0, character.charCodeAt(0)])),
    'UTF-32BE with a mark': Buffer.from(
      [0xfeff, ...Buffer.from(good)].flatMap((code) => [0, 0, code >> 8, code & 255]),
    ),
  }

  test.each(Object.entries(unsupported))('is refused in any case where it is %s', async (_, content) => {
    for (const malformed of ['refuse', 'keep'] as const) {
      expect((await refusalOf(find(content, id42, { malformed }))).code).toBe('unsupported')
    }
  })
})

describe('a search', () => {
  const content = Buffer.from('{"id":42}\n'.repeat(500_000))

  test('tells its progress, which adds up to the size', async () => {
    const progress: number[] = []
    await find(content, id42, { onProgress: (bytes) => progress.push(bytes) })
    expect(progress.length).toBeGreaterThan(3)
    expect(progress.reduce((sum, bytes) => sum + bytes)).toBe(content.length)
  })

  test('ends when it is interrupted', async () => {
    const interruption = new AbortController()
    const found = find(content, id42, { signal: interruption.signal, onProgress: () => interruption.abort() })
    await expect(found).rejects.toThrow(interruption.signal.reason)
  })
})
