import { chooseColumn } from '../../domain/column.ts'
import { LetheError } from '../../domain/error.ts'
import { canBeLatin1, type Encoding, encodingOf, textOf, type Units, unitsOf } from './encoding.ts'
import type { CsvOptions } from './options.ts'
import { cellForm, type Dialect, RecordParser, unescapeCell } from './record-parser.ts'

/** How an object is laid out: what must be known of it before its first row can be read. */
export interface Layout {
  readonly encoding: Encoding
  readonly dialect: Dialect
  /** Names of the columns, in order; of the header, or by position. */
  readonly columns: readonly string[]
  readonly header: 'present' | 'absent'
  /** Where the first record after the header begins, in units from the beginning of the object. */
  readonly dataStart: number
  /** The header has one column, so that nothing shows the delimiter, and none was given. */
  readonly isDelimiterUnknown: boolean
}

export interface LayoutRequest {
  readonly options: CsvOptions
  readonly escaping: 'doubled' | 'backslash'
  /** The columns that matches name: they tell the header that is meant from what only looks like one. */
  readonly wanted: Iterable<string>
}

const delimiters = [',', '\t', ';', '|']
const rareDelimiters = ['\x01', '\x02', '\x1e', '\x1f', ':', '~', '^', '#', '!', '/', '&', '$', '%', '*', '+', '=']
const backslash = 0x5c
const lf = 10
const cr = 13

/**
 * The layout of an object by its first bytes; undefined where more of them are needed.
 *
 * The delimiter is the one by which the header has the columns that are looked for: another one would miss the people's
 * rows, and where two of them do the object is refused.
 *
 * @throws LetheError `unsupported`, `malformed`
 */
export function layoutOf(
  head: Uint8Array,
  { isLast, ...request }: LayoutRequest & { readonly isLast: boolean },
): Layout | undefined {
  const encoding = encodingOf(head, request.options.encoding)
  const units = unitsOf(head, encoding)
  const preamble = skipPreamble(units, encoding, isLast)
  if (preamble === undefined) return undefined
  const { start, delimiter = request.options.delimiter } = preamble
  const newline = newlineOf(units, start, isLast)
  if (newline === undefined) return undefined
  const marks = {
    quote: request.options.quote === 'none' ? -1 : (request.options.quote ?? '"').charCodeAt(0),
    escapeMark: request.escaping === 'backslash' ? backslash : -1,
    newline,
  }
  const readings: Reading[] = []
  for (const candidate of delimiter === undefined ? delimiters : [delimiter]) {
    const dialect = { ...marks, delimiter: candidate.charCodeAt(0) }
    const reading = readHeader(units, { start, isLast, dialect, encoding, header: request.options.header })
    if (reading === 'more') return undefined
    if (reading !== 'broken') readings.push(reading)
  }
  const chosen = chooseReading(readings, { wanted: [...request.wanted], isGiven: delimiter !== undefined })
  return { encoding, header: request.options.header === 'absent' ? 'absent' : 'present', ...chosen }
}

type Reading = Pick<Layout, 'dialect' | 'columns' | 'dataStart'>

/** Empty lines and Excel's `sep=;` line stand before the header and are no records. */
function skipPreamble(
  units: Units,
  { markBytes, unitBytes }: Encoding,
  isLast: boolean,
): { start: number; delimiter?: string } | undefined {
  let start = markBytes / unitBytes
  while (units[start] === lf || units[start] === cr) start += 1
  const line = String.fromCharCode(...units.subarray(start, start + 7))
  if (line.length < 7 && !isLast) return undefined
  const separator = /^sep=([^\r\n])(\r\n|\n|\r|$)/i.exec(line)
  if (separator === null) return { start }
  return { start: start + separator[0].length, delimiter: separator[1]! }
}

/** By the first line end. One within a quoted cell may deceive: then the header is broken, and the object refused. */
function newlineOf(units: Units, start: number, isLast: boolean): Dialect['newline'] | undefined {
  let at = start
  while (at < units.length && units[at] !== lf && units[at] !== cr) at += 1
  if (at + 1 >= units.length && !isLast) return undefined
  return units[at] === cr && units[at + 1] !== lf ? 'cr' : 'lf'
}

function readHeader(
  units: Units,
  {
    start,
    isLast,
    dialect,
    encoding,
    header,
  }: { start: number; isLast: boolean; dialect: Dialect; encoding: Encoding; header: CsvOptions['header'] },
): Reading | 'broken' | 'more' {
  const parser = new RecordParser(dialect)
  const outcome = start < units.length ? parser.parse(units, start, isLast) : 'blank'
  if (outcome === 'more' || outcome === 'broken') return outcome
  if (outcome === 'blank') return { dialect, columns: [], dataStart: start }
  const cells = Array.from({ length: parser.cells }, (_, cell) =>
    headerCell(units, parser, { cell, dialect, encoding }),
  )
  if (header === 'absent') return { dialect, columns: cells.map((_, index) => `_c${index}`), dataStart: start }
  return { dialect, columns: cells, dataStart: parser.end }
}

function headerCell(
  units: Units,
  { starts, ends, forms }: RecordParser,
  { cell, dialect, encoding }: { cell: number; dialect: Dialect; encoding: Encoding },
): string {
  const [start, end, form] = [starts[cell]!, ends[cell]!, forms[cell]!]
  const text = textOf(units, start, end, encoding) ?? latin1TextOf(units, start, end)
  return form === cellForm.bare || form === cellForm.quoted ? text : unescapeCell(text, form, dialect)
}

function latin1TextOf(units: Units, start: number, end: number): string {
  const bytes = Buffer.from(units.subarray(start, end) as Uint8Array)
  if (canBeLatin1(bytes)) return bytes.toString('latin1')
  throw new LetheError('unsupported', 'the header is neither UTF-8 nor Latin-1; give the encoding')
}

function chooseReading(
  readings: readonly Reading[],
  { wanted, isGiven }: { wanted: readonly string[]; isGiven: boolean },
): Reading & Pick<Layout, 'isDelimiterUnknown'> {
  if (readings.length === 0) throw new LetheError('malformed', 'the header is broken')
  const hasWanted = ({ columns }: Reading): boolean =>
    wanted.some((name) => chooseColumn(name, columns).kind !== 'none')
  if (isGiven) {
    const only = readings[0]!
    // What is right for the other objects of a run would miss the people's rows in this one.
    if (!hasWanted(only)) requireNoOtherDelimiter(only.columns, wanted)
    return { ...only, isDelimiterUnknown: false }
  }
  const split = readings.filter(({ columns }) => columns.length > 1)
  const having = split.filter(hasWanted)
  if (having.length > 1) throw undecided()
  if (having.length === 1) return { ...having[0]!, isDelimiterUnknown: false }
  const most = split.toSorted((a, b) => b.columns.length - a.columns.length)[0] ?? readings[0]!
  if (!hasWanted(most)) requireNoOtherDelimiter(most.columns, wanted)
  return { ...most, isDelimiterUnknown: split.length === 0 }
}

function requireNoOtherDelimiter(columns: readonly string[], wanted: readonly string[]): void {
  const isSplit = [...delimiters, ...rareDelimiters].some((delimiter) =>
    columns.some((column) => {
      const parts = column.split(delimiter)
      return parts.length > 1 && wanted.some((name) => chooseColumn(name, parts).kind !== 'none')
    }),
  )
  if (isSplit) throw undecided()
}

function undecided(): LetheError {
  return new LetheError('unsupported', 'which character delimits the cells is not certain; give the delimiter')
}
