import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxLineBytes } from './line-splitter.ts'
import { matchLines } from './match-lines.ts'

async function* pieces(bytes: Uint8Array, size = bytes.length) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(content: string | Uint8Array, size?: number) {
  const lines: [number, Record<string, string>][] = []
  for await (const some of matchLines(pieces(Buffer.from(content), size))) {
    for (const { number, values } of some) {
      lines.push([number, Object.fromEntries(values.map(({ column, value }) => [column, value]))])
    }
  }
  return lines
}

describe('matchLines', () => {
  const csv = [
    [2, { last: 'Löwe', born: '1815-12-10' }],
    [3, { last: 'a\nb', born: '' }],
  ]

  test('tells CSV and NDJSON apart by content, after a byte-order mark too', async () => {
    const table = 'last,born\nLöwe,1815-12-10\n"a\nb",\n'
    const lines = '{"last":"Löwe","born":"1815-12-10"}\n{"last":"a\\nb","born":""}'
    expect(await read(table)).toEqual(csv)
    expect(await read(`\ufeff${table}`)).toEqual(csv)
    expect(await read(`\n${lines}`)).toEqual(csv)
    expect(await read(`\ufeff\n${lines}`)).toEqual(csv)
  })

  test('reads the same whatever the chunks are', async () => {
    const content = Buffer.from('\ufefflast,born\r\n"Löwe, 😀",1\r\n"a\r\nb",2\r\n')
    const whole = await read(content)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: content.length }), async (size) => {
        expect(await read(content, size)).toEqual(whole)
      }),
    )
  })

  test('leaves out blank lines of NDJSON and counts them', async () => {
    expect(await read('{"id":1}\n\n \r\n{"id":2}\n')).toEqual([
      [1, { id: '1' }],
      [4, { id: '2' }],
    ])
  })

  test('has no match where there is nothing, or only a header', async () => {
    expect(await read('')).toEqual([])
    expect(await read('\ufeff\n\n')).toEqual([])
    expect(await read('id,name\n')).toEqual([])
  })

  test.each([
    ['a ragged row', 'a,b\n1,2\n3\n', 'line 3 of the matches has 1 cells where the header has 2'],
    ['a column twice in the header', 'a,b,a\n1,2,3\n', 'line 1 of the matches (the header) names a column twice'],
    ['a column without a name', 'a,,b\n1,2,3\n', 'line 1 of the matches (the header) has a column without a name'],
    ['a broken line', '{"id":1}\n{"id":\n', 'line 2 of the matches is no JSON object'],
    ['a null', '{"id":1}\n\n{"id":null}\n', 'line 3 of the matches has a null'],
    ['CSV after NDJSON', '{"id":1}\nid\n', 'line 2 of the matches is no JSON object'],
    ['bytes that are no UTF-8', Buffer.from('id\n1\n\xff\n', 'latin1'), 'line 3 of the matches is not UTF-8'],
    ['UTF-16', Buffer.from('\ufeffid\n1\n', 'utf16le'), 'line 1 of the matches is not UTF-8'],
    ['a line without an end', 'x'.repeat(maxLineBytes + 1), 'line 1 of the matches is longer than 1048576 bytes'],
  ])('refuses %s and says which line', async (_, content, message) => {
    await expect(read(content, 1000)).rejects.toMatchObject({
      code: 'invalid-match',
      message: expect.stringContaining(message) as string,
    })
  })
})
