import type { ColumnValue } from '../../domain/match.ts'
import { csvRecords } from './csv-records.ts'
import { readFlatObject } from './flat-object.ts'
import { invalidMatch } from './invalid-match.ts'
import { type NumberedLine, numberedLines } from './numbered-lines.ts'

/** One match of a file of matches. */
export interface MatchLine {
  /** The line that it begins on, from 1. */
  readonly number: number
  /** The line that names its columns: the header of CSV, in NDJSON its own. */
  readonly namesNumber: number
  readonly values: readonly ColumnValue[]
}

/**
 * The matches of a file: NDJSON objects or CSV with a header, told apart by the first character that is no white space.
 *
 * @throws LetheError `invalid-match`, with the number of the line.
 */
export async function* matchLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<MatchLine> {
  const lines = numberedLines(chunks)
  let first = await lines.next()
  while (first.done !== true && isBlank(first.value.text)) first = await lines.next()
  if (first.done === true) return
  const all = startingWith(first.value, lines)
  yield* first.value.text.trimStart().startsWith('{') ? jsonMatches(all) : csvMatches(all)
}

async function* startingWith(first: NumberedLine, others: AsyncIterable<NumberedLine>): AsyncGenerator<NumberedLine> {
  yield first
  yield* others
}

async function* jsonMatches(lines: AsyncIterable<NumberedLine>): AsyncGenerator<MatchLine> {
  for await (const { number, text } of lines) {
    if (isBlank(text)) continue
    const values = readFlatObject(text)
    if ('problem' in values) throw invalidMatch(number, values.problem)
    yield { number, namesNumber: number, values }
  }
}

async function* csvMatches(lines: AsyncIterable<NumberedLine>): AsyncGenerator<MatchLine> {
  let header: { readonly number: number; readonly columns: readonly string[] } | undefined
  for await (const { number, cells } of csvRecords(lines)) {
    if (header === undefined) {
      requireNames(cells, number)
      header = { number, columns: cells }
      continue
    }
    const { columns } = header
    if (cells.length !== columns.length) {
      throw invalidMatch(number, `has ${cells.length} cells where the header has ${columns.length}`)
    }
    const values = columns.map((column, index) => ({ column, value: cells[index]! }))
    yield { number, namesNumber: header.number, values }
  }
}

function requireNames(columns: readonly string[], number: number): void {
  if (columns.includes('')) throw invalidMatch(number, '(the header) has a column without a name')
  if (new Set(columns).size < columns.length) throw invalidMatch(number, '(the header) names a column twice')
}

function isBlank(text: string): boolean {
  return /^[ \t\r]*$/.test(text)
}
