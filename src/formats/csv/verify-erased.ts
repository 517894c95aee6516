import { isUtf8 } from 'node:buffer'
import { chooseColumn } from '../../domain/column.ts'
import { LetheError } from '../../domain/error.ts'
import type { TupleGroup } from '../../domain/predicate.ts'
import type { Search } from '../format.ts'
import type { RowsFound } from '../row-format.ts'
import type { Layout } from './layout.ts'
import type { CsvOptions } from './options.ts'
import { readLayout } from './read-layout.ts'
import { StreamWindow } from './stream-window.ts'
import { readTextRecord, type TextDialect } from './text-records.ts'

export type Read = (start: number, end: number) => Promise<Uint8Array>

interface Erased {
  readonly size: number
  readonly found: RowsFound
  readonly search: Search
}

const headBytes = 64 * 1024
const pieceBytes = 1024 * 1024

/**
 * Proves that the ranges found are whole records after the header, as many as were found, all of them matching: by
 * another reader of records and another comparison than those that found them. Reads in ascending order.
 *
 * @throws LetheError `not-verified`
 */
export async function verifyErased(read: Read, erased: Erased, options: CsvOptions): Promise<void> {
  if (erased.found.ranges.count === 0) return requireCount(0, erased)
  const escapes = options.escape === undefined ? (['doubled', 'backslash'] as const) : [options.escape]
  const failures: LetheError[] = []
  for (const escaping of escapes) {
    try {
      return await verifyAs(read, erased, { options, escaping })
    } catch (error) {
      if (!(error instanceof LetheError && error.outcome === 'refused')) throw error
      failures.push(error)
    }
  }
  throw failures[0]!
}

async function verifyAs(
  read: Read,
  erased: Erased,
  { options, escaping }: { options: CsvOptions; escaping: 'doubled' | 'backslash' },
): Promise<void> {
  const { size, found, search } = erased
  const window = new StreamWindow(headOf(read, size))
  const layout = await readLayout(window, { options, escaping, predicate: search.predicate })
  await window.close()
  const isErased = makeRowTest(search, layout)
  let rows = 0
  for (const { start, end } of found.ranges) {
    await requireBoundary(read, { start, layout })
    rows += await countRecords(read, { start, end, size, layout, isErased })
  }
  requireCount(rows, erased)
}

function requireCount(rows: number, { found }: Erased): void {
  if (rows !== found.rows.size) throw notVerified('the ranges to erase hold another number of records than were found')
}

async function* headOf(read: Read, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += headBytes) yield await read(at, Math.min(size, at + headBytes))
}

/** A range begins right after the header, or after a line end. */
async function requireBoundary(read: Read, { start, layout }: { start: number; layout: Layout }): Promise<void> {
  const { unitBytes } = layout.encoding
  const dataStart = layout.dataStart * unitBytes
  if (start === dataStart) return
  if (start < dataStart) throw notVerified('the header would be erased')
  const before = decode(await read(start - unitBytes, start), layout)
  if (before !== (layout.dialect.newline === 'lf' ? '\n' : '\r')) throw notVerified('a range begins within a record')
}

interface RecordsToCount {
  readonly start: number
  readonly end: number
  readonly size: number
  readonly layout: Layout
  readonly isErased: (cells: readonly string[]) => boolean
}

async function countRecords(read: Read, { start, end, size, layout, isErased }: RecordsToCount): Promise<number> {
  const { unitBytes } = layout.encoding
  const dialect = textDialectOf(layout)
  let count = 0
  let text = ''
  for (let at = start; at < end; ) {
    // Twice as much where a record does not fit, so that a long one is not read from its start again and again.
    const to = Math.min(end, at + Math.max(pieceBytes, text.length * unitBytes))
    text += decode(await read(at, to), layout)
    at = to
    let done = 0
    while (done < text.length) {
      const record = readRecord(text, done, { dialect, isLast: at === end })
      if (record === undefined) break
      if (!isErased(record.cells)) throw notVerified('a record to erase does not match')
      if (record.end === text.length && at === end && end < size && !/[\r\n]$/.test(text)) {
        throw notVerified('a range ends within a record')
      }
      count += 1
      done = record.end
    }
    text = text.slice(done)
  }
  return count
}

function readRecord(text: string, start: number, options: { dialect: TextDialect; isLast: boolean }) {
  try {
    return readTextRecord(text, start, options)
  } catch (error) {
    if (error instanceof SyntaxError) throw notVerified('a range to erase is no whole record')
    throw error
  }
}

/** 8-bit text is looked at byte by byte, and decoded cell by cell. */
function decode(bytes: Uint8Array, { encoding }: Layout): string {
  const buffer = Buffer.from(bytes)
  if (encoding.unitBytes === 1) return buffer.toString('latin1')
  return encoding.name === 'utf-16be' ? buffer.swap16().toString('utf16le') : buffer.toString('utf16le')
}

function textDialectOf({ dialect: { delimiter, quote, escapeMark, newline } }: Layout): TextDialect {
  const character = (unit: number): string => (unit === -1 ? '' : String.fromCharCode(unit))
  return { delimiter: character(delimiter), quote: character(quote), escapeMark: character(escapeMark), newline }
}

/** Whether a row, by the texts of all its cells, matches; as the law has it, without any of what makes a find fast. */
function makeRowTest({ predicate, partitions }: Search, layout: Layout): (cells: readonly string[]) => boolean {
  const folders = partitions.map(({ name }) => name)
  const groups = predicate.groups.map((group) => ({
    tuples: tupleSetOf(group),
    values: group.columns.map((name) => {
      const cell = chooseColumn(name, layout.columns)
      const folder = chooseColumn(name, folders)
      return (cells: readonly string[]): string | null | undefined => {
        if (cell.kind === 'one') return cells[cell.index] === undefined ? null : cellText(cells[cell.index]!, layout)
        return folder.kind === 'one' ? partitions[folder.index]!.value : null
      }
    }),
  }))
  return (cells) =>
    groups.some(({ tuples, values }) => {
      const texts = values.map((value) => value(cells))
      return !texts.includes(null) && tuples.has(JSON.stringify(texts))
    })
}

function cellText(cell: string, { encoding }: Layout): string {
  if (encoding.unitBytes === 2 || encoding.name === 'latin1') return cell
  const bytes = Buffer.from(cell, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : encoding.name === 'utf-8' ? bytes.toString() : cell
}

/** Made once for all objects of a run: there may be a million tuples. */
function tupleSetOf(group: TupleGroup): ReadonlySet<string> {
  let tuples = tupleSets.get(group)
  if (tuples === undefined) tupleSets.set(group, (tuples = new Set(tuplesOf(group))))
  return tuples
}
const tupleSets = new WeakMap<TupleGroup, ReadonlySet<string>>()

function* tuplesOf({ columns, texts, tuples, positions }: TupleGroup): Generator<string> {
  for (let tuple = 0; tuple < positions.length; tuple += 1) {
    yield JSON.stringify(columns.map((_, column) => texts[column]![tuples[tuple * columns.length + column]!]))
  }
}

function notVerified(message: string): LetheError {
  return new LetheError('not-verified', message)
}
