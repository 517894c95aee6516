import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvRecords } from './csv-records.ts'
import { numberedLines } from './numbered-lines.ts'

async function* chunks(text: string) {
  yield Buffer.from(text)
}

async function read(text: string) {
  const records: { number: number; cells: readonly string[] }[] = []
  for await (const record of csvRecords(numberedLines(chunks(text)))) records.push(record)
  return records
}

const cellsOf = async (text: string) => (await read(text)).map(({ cells }) => cells)

describe('csvRecords', () => {
  test('accepts no text that csv-parse does not, and reads it the same', async () => {
    const pieces = fc.constantFrom('"', '""', ',', '\n', '\r\n', 'a', 'é', ' ')
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 14 }), async (parts) => {
        const text = parts.join('')
        const cells = await cellsOf(text).catch(() => undefined)
        if (cells === undefined) return
        accepted += 1
        const options = { relax_column_count: true, record_delimiter: ['\r\n', '\n'] }
        expect(cells).toEqual(parse(text, options))
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(500)
  })

  test('reads back any cells, quoted as RFC 4180 says', async () => {
    const cell = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'é', '') })
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), async (records, lineEnd) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
        const text = records.map((cells) => cells.map(quoted).join(',') + lineEnd).join('')
        expect(await cellsOf(text)).toEqual(records)
      }),
    )
  })

  test('takes an empty cell, quoted or not, as an empty value', async () => {
    expect(await cellsOf('a,b\n1,\n"",2\n""\n')).toEqual([['a', 'b'], ['1', ''], ['', '2'], ['']])
  })

  test('numbers a record by the line that it begins on', async () => {
    const numbers = (await read('a\n"x\ny\nz"\nb\n')).map(({ number }) => number)
    expect(numbers).toEqual([1, 2, 5])
  })

  test.each([
    ['a blank line', 'id\n1\n\n2\n', 'line 3 of the matches is blank'],
    ['a blank line at the end', 'id\r\n1\r\n\r\n', 'line 3 of the matches is blank'],
    ['a quote within a cell', 'id\n1"2\n', 'line 2 of the matches has a quote'],
    ['a carriage return within a cell', 'id\n1\r2\n', 'line 2 of the matches has a quote or a carriage return'],
    ['text after a closing quote', 'id\n"1"2\n', 'line 2 of the matches goes on after a closing quote'],
    ['a quote that is never closed', 'id\n1\n"2\n3\n', 'line 3 of the matches opens a quote that is never closed'],
  ])('refuses %s and says where', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'invalid-match',
      message: expect.stringContaining(message) as string,
    })
  })

  test('does not gather the whole file behind a quote that was never closed', async () => {
    const text = `id\n"${'x\n'.repeat(2_000_000)}`
    await expect(read(text)).rejects.toThrow('line 2 of the matches opens a quote that is closed nowhere near')
  })
})
