import { invalidMatch } from './invalid-match.ts'
import { maxLineBytes, type NumberedLine } from './line-splitter.ts'

export interface CsvRecord {
  /** The line that it begins on, from 1. */
  readonly number: number
  readonly cells: readonly string[]
}

/**
 * Reads CSV (RFC 4180) strictly, line by line: comma, quotes doubled within quotes, line breaks within quotes, lines
 * that end in LF or CRLF.
 */
export class CsvReader {
  /** One that a line break within quotes has cut. */
  #open: RecordReader | undefined;

  /**
   * The records that end in these lines, which follow those of the last call.
   *
   * @throws LetheError `invalid-match`, with the line's number, for everything else. That goes for a blank line too: it
   *   may be an empty value of a single column or no record at all, and a guess would erase or miss somebody.
   */
  *read(lines: Iterable<NumberedLine>): Generator<CsvRecord> {
    for (const { number, text } of lines) {
      const record = this.#open ?? new RecordReader(number)
      record.read(text)
      this.#open = record.isOpen ? record : undefined
      if (!record.isOpen) yield record
    }
  }

  /** @throws LetheError `invalid-match` where a quote is still open */
  requireEnd(): void {
    if (this.#open !== undefined) throw invalidMatch(this.#open.number, 'opens a quote that is never closed')
  }
}

class RecordReader implements CsvRecord {
  readonly number: number
  readonly cells: string[] = []
  /** True within quotes, where a line break belongs to the cell. */
  isOpen = false
  #cell = ''

  constructor(number: number) {
    this.number = number
  }

  read(line: string): void {
    let at = 0
    if (this.isOpen) {
      this.#cell += '\n'
      at = this.#readQuoted(line, 0)
    } else if (line === '' || line === '\r') {
      throw invalidMatch(this.number, 'is blank; write "" for an empty value, or take the line out')
    } else {
      at = this.#readCell(line, 0)
    }
    while (!this.isOpen && at < line.length) at = this.#readCell(line, at + 1)
  }

  /** Reads the cell that begins at `start`; yields where its comma is, or the line's length after the last cell. */
  #readCell(line: string, start: number): number {
    if (line[start] === '"') return this.#readQuoted(line, start + 1)
    const comma = line.indexOf(',', start)
    const end = comma === -1 ? endOf(line) : comma
    const cell = line.slice(start, end)
    if (cell.includes('"') || cell.includes('\r')) {
      throw invalidMatch(this.number, 'has a quote or a carriage return within a cell that is not quoted')
    }
    this.cells.push(cell)
    return comma === -1 ? line.length : comma
  }

  #readQuoted(line: string, start: number): number {
    for (let from = start; ; ) {
      const quote = line.indexOf('"', from)
      this.#cell += line.slice(from, quote === -1 ? line.length : quote)
      if (this.#cell.length > maxLineBytes) throw invalidMatch(this.number, 'opens a quote that is closed nowhere near')
      this.isOpen = quote === -1
      if (this.isOpen) return line.length
      if (line[quote + 1] !== '"') return this.#endQuoted(line, quote + 1)
      this.#cell += '"'
      from = quote + 2
    }
  }

  #endQuoted(line: string, end: number): number {
    const isLast = end >= endOf(line)
    if (!isLast && line[end] !== ',') throw invalidMatch(this.number, 'goes on after a closing quote')
    this.cells.push(this.#cell)
    this.#cell = ''
    return isLast ? line.length : end
  }
}

function endOf(line: string): number {
  return line.endsWith('\r') ? line.length - 1 : line.length
}
