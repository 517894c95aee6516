import type { ColumnValue } from '../../domain/match.ts'
import { CsvReader, type CsvRecord } from './csv-reader.ts'
import { readFlatObject } from './flat-object.ts'
import { invalidMatch } from './invalid-match.ts'
import { LineSplitter, type NumberedLine } from './line-splitter.ts'

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
 * They come a chunk at a time, to be taken to its end before the next is asked for: to wait for each of a million
 * matches takes longer than all else.
 *
 * @throws LetheError `invalid-match`, with the number of the line.
 */
export async function* matchLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Iterable<MatchLine>> {
  const lines = new LineSplitter()
  const reader = new MatchReader()
  for await (const chunk of chunks) yield reader.read(lines.push(chunk))
  yield reader.read(lines.end())
  reader.requireEnd()
}

/** What the lines are: known from the first that is not blank. */
class MatchReader {
  #format: 'json' | 'csv' | undefined
  readonly #csv = new CsvReader()
  #header: CsvRecord | undefined;

  *read(lines: Iterable<NumberedLine>): Generator<MatchLine> {
    const all = lines[Symbol.iterator]()
    for (let next = all.next(); next.done !== true; next = all.next()) {
      if (this.#format === undefined) {
        if (isBlank(next.value.text)) continue
        this.#format = next.value.text.trimStart().startsWith('{') ? 'json' : 'csv'
      }
      const rest = startingWith(next.value, all)
      yield* this.#format === 'json' ? jsonMatches(rest) : this.#csvMatches(rest)
    }
  }

  requireEnd(): void {
    this.#csv.requireEnd()
  }

  *#csvMatches(lines: Iterable<NumberedLine>): Generator<MatchLine> {
    for (const record of this.#csv.read(lines)) {
      const { number, cells } = record
      if (this.#header === undefined) {
        requireNames(cells, number)
        this.#header = record
        continue
      }
      const { cells: columns, number: namesNumber } = this.#header
      if (cells.length !== columns.length) {
        throw invalidMatch(number, `has ${cells.length} cells where the header has ${columns.length}`)
      }
      yield { number, namesNumber, values: columns.map((column, index) => ({ column, value: cells[index]! })) }
    }
  }
}

function* startingWith(first: NumberedLine, others: Iterator<NumberedLine>): Generator<NumberedLine> {
  yield first
  for (let next = others.next(); next.done !== true; next = others.next()) yield next.value
}

function* jsonMatches(lines: Iterable<NumberedLine>): Generator<MatchLine> {
  for (const { number, text } of lines) {
    if (isBlank(text)) continue
    const values = readFlatObject(text)
    if ('problem' in values) throw invalidMatch(number, values.problem)
    yield { number, namesNumber: number, values }
  }
}

function requireNames(columns: readonly string[], number: number): void {
  if (columns.includes('')) throw invalidMatch(number, '(the header) has a column without a name')
  if (new Set(columns).size < columns.length) throw invalidMatch(number, '(the header) names a column twice')
}

function isBlank(text: string): boolean {
  return /^[ \t\r]*$/.test(text)
}
