import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eraseInMemory, searchFor } from '../../../test/erase-in-memory.ts'
import { plain } from '../plain.ts'
import { csv } from './csv.ts'
import { encodingOf, unitsOf } from './encoding.ts'
import { TextIndex } from './text-index.ts'

/** Few characters, all of which mean something somewhere, so that values meet and marks stand side by side. */
const cell = fc.string({
  unit: fc.constantFrom('a', 'b', '1', 'é', '🦊', ' ', '"', ',', ';', '\n', '\r\n'),
  maxLength: 4,
})
const table = fc.record({
  rows: fc.array(fc.tuple(cell, cell, fc.constantFrom('x', 'y', 'z')), { maxLength: 12 }),
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  isAllQuoted: fc.boolean(),
  hasLastLineEnd: fc.boolean(),
  mark: fc.constantFrom('', '\ufeff'),
  encoding: fc.constantFrom('utf8' as const, 'utf16le' as const),
})

type Table = typeof table extends fc.Arbitrary<infer Value> ? Value : never

/** The header and each record as it is written, its line end included. */
function write({ rows, delimiter, lineEnd, isAllQuoted, hasLastLineEnd, mark }: Table): string[] {
  const quote = (text: string): string =>
    isAllQuoted || /[ ",;|\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const lines = [['key', 'text', 'third'], ...rows].map((cells) => cells.map(quote).join(delimiter))
  return lines.map((line, index) => {
    return (index === 0 ? mark : '') + line + (hasLastLineEnd || index < rows.length ? lineEnd : '')
  })
}

test('erases the records that csv-parse says match; what stays is their bytes', async () => {
  await fc.assert(
    fc.asyncProperty(table, cell, cell, async (given, text, other) => {
      const written = write(given)
      const bytes = Buffer.from(written.join(''), given.encoding)
      const { kept, rows, found } = await eraseInMemory(plain(csv()), bytes, [
        { key: text },
        { text: other, third: 'x' },
      ])

      const data = parse(written.join(''), { delimiter: given.delimiter, bom: true }).slice(1)
      const isMatch = ([key, second, third]: string[]): boolean => key === text || (second === other && third === 'x')
      expect(rows).toEqual(data.flatMap((record, row) => (isMatch(record) ? [row] : [])))
      expect(found.rowsSeen).toBe(data.length)
      const left = written.filter((_, index) => index === 0 || !isMatch(data[index - 1]!))
      expect(kept.toString(given.encoding)).toBe(left.join(''))
    }),
    { numRuns: 1000 },
  )
})

test('finds the same however the stream is cut', async () => {
  const anyText = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\\', "'", ' ', 'é'), maxLength: 30 })
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 5 }))
  await fc.assert(
    fc.asyncProperty(anyText, cuts, async (text, sizes) => {
      const bytes = Buffer.from(`key,text\n${text}`)
      const search = searchFor([{ key: 'a' }, { text: '' }], { malformed: 'keep' })
      const whole = async function* () {
        yield bytes
      }
      const cut = async function* () {
        for (let at = 0; at < bytes.length; ) {
          const size: number = sizes.next().value
          yield bytes.subarray(at, (at += size))
        }
      }
      const outcome = (stream: () => AsyncIterable<Uint8Array>) =>
        csv()
          .scan(stream, search)
          .then(
            ({ ranges, rows, ...found }) => ({ ...found, ranges: [...ranges], rows: [...rows] }),
            (error: { code: string }) => error.code,
          )
      expect(await outcome(cut)).toEqual(await outcome(whole))
    }),
    { numRuns: 1000 },
  )
})

test('a cell is found by its text in every encoding that can write it', () => {
  const encodings = { 'utf-8': 'utf8', 'utf-16le': 'utf16le', latin1: 'latin1' } as const
  const names = fc.constantFrom(...(Object.keys(encodings) as (keyof typeof encodings)[]))
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1 }), names, (texts, name) => {
      const encoding = encodingOf(new Uint8Array(0), name)
      const index = new TextIndex(texts, encoding)
      texts.forEach((text, id) => {
        const bytes = Buffer.from(text, encodings[name])
        if (bytes.toString(encodings[name]) !== text) return
        const units = unitsOf(bytes, encoding)
        expect(index.find(units, 0, units.length)).toBe(id)
      })
    }),
  )
})
