import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CsvReader, type CsvRecord } from './csv-reader.ts'
import { LineSplitter } from './line-splitter.ts'

function read(text: string): readonly CsvRecord[] {
  const lines = new LineSplitter()
  const reader = new CsvReader()
  const records = [...reader.read(lines.push(Buffer.from(text))), ...reader.read(lines.end())]
  reader.requireEnd()
  return records
}

const cellsOf = (text: string) => read(text).map(({ cells }) => cells)

/** Undefined where the text is refused. */
function cellsIn(text: string) {
  try {
    return cellsOf(text)
  } catch {
    return undefined
  }
}

describe('CsvReader', () => {
  test('accepts no text that csv-parse does not, and reads it the same', () => {
    const pieces = fc.constantFrom('"', '""', ',', '\n', '\r\n', 'a', 'é', ' ')
    let accepted = 0
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
        const text = parts.join('')
        const cells = cellsIn(text)
        if (cells === undefined) return
        accepted += 1
        const options = { relax_column_count: true, record_delimiter: ['\r\n', '\n'] }
        expect(cells).toEqual(parse(text, options))
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(500)
  })

  test('reads back any cells, quoted as RFC 4180 says', () => {
    const cell = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'é', '') })
    const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 })
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), (records, lineEnd) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
        const text = records.map((cells) => cells.map(quoted).join(',') + lineEnd).join('')
        expect(cellsOf(text)).toEqual(records)
      }),
    )
  })

  test('takes an empty cell, quoted or not, as an empty value', () => {
    expect(cellsOf('a,b\n1,\n"",2\n""\n')).toEqual([['a', 'b'], ['1', ''], ['', '2'], ['']])
  })

  test('numbers a record by the line that it begins on', () => {
    const numbers = read('a\n"x\ny\nz"\nb\n').map(({ number }) => number)
    expect(numbers).toEqual([1, 2, 5])
  })

  test.each([
    ['a blank line', 'id\n1\n\n2\n', 'line 3 of the matches is blank'],
    ['a blank line at the end', 'id\r\n1\r\n\r\n', 'line 3 of the matches is blank'],
    ['a quote within a cell', 'id\n1"2\n', 'line 2 of the matches has a quote'],
    ['a carriage return within a cell', 'id\n1\r2\n', 'line 2 of the matches has a quote or a carriage return'],
    ['text after a closing quote', 'id\n"1"2\n', 'line 2 of the matches goes on after a closing quote'],
    ['a quote that is never closed', 'id\n1\n"2\n3\n', 'line 3 of the matches opens a quote that is never closed'],
  ])('refuses %s and says where', (_, text, message) => {
    const refusal = { code: 'invalid-match', message: expect.stringContaining(message) as string }
    expect(() => read(text)).toThrow(expect.objectContaining(refusal) as Error)
  })

  test('does not gather the whole file behind a quote that was never closed', () => {
    const text = `id\n"${'x\n'.repeat(2_000_000)}`
    expect(() => read(text)).toThrow('line 2 of the matches opens a quote that is closed nowhere near')
  })
})
