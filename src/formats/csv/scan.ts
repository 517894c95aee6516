import { LetheError } from '../../domain/error.ts'
import { Ranges } from '../../domain/ranges.ts'
import type { Search } from '../format.ts'
import type { RowsFound } from '../row-format.ts'
import { type Units, unitsOf } from './encoding.ts'
import type { Layout } from './layout.ts'
import type { CsvOptions } from './options.ts'
import { readLayout } from './read-layout.ts'
import { cellForm, RecordParser } from './record-parser.ts'
import { RowMatcher } from './row-matcher.ts'
import { StreamWindow } from './stream-window.ts'

/**
 * Finds the matching records of a stream.
 *
 * Whether a backslash escapes is seldom said of a file. Where it would matter and was not given, the stream is read
 * both ways: the way that breaks no record is meant; where both are alike in that, they must find the same.
 */
export async function scan(
  openStream: () => AsyncIterable<Uint8Array>,
  search: Search,
  options: CsvOptions,
): Promise<RowsFound> {
  const asDoubled = await scanAs(openStream(), search, { options, escaping: options.escape ?? 'doubled' })
  if (options.escape !== undefined || !asDoubled.hasBackslash) return requireWhole(asDoubled, search)
  const quiet: Search = { ...search, onProgress: () => undefined }
  const asBackslash = await scanAs(openStream(), quiet, { options, escaping: 'backslash' })
  if (asDoubled.broken === 0 && asBackslash.broken > 0) return asDoubled.found
  if (asBackslash.broken === 0 && asDoubled.broken > 0) return asBackslash.found
  const found = requireWhole(asDoubled, search)
  if (sameRanges(found.ranges, asBackslash.found.ranges)) return found
  throw new LetheError(
    'unsupported',
    'whether the backslash escapes is not certain, and rows depend on it; give the escape',
  )
}

interface Scanned {
  readonly found: RowsFound
  /** Records that cannot be told; after the first one nothing else was read where malformed content is refused. */
  readonly broken: number
  readonly hasBackslash: boolean
}

function requireWhole({ found, broken }: Scanned, { malformed }: Search): RowsFound {
  if (broken === 0 || malformed === 'keep') return found
  throw new LetheError('malformed', `record ${found.rowsSeen} is broken: a quote or a line end where none can be`, {
    detail: { record: found.rowsSeen - 1 },
  })
}

async function scanAs(
  stream: AsyncIterable<Uint8Array>,
  search: Search,
  { options, escaping }: { options: CsvOptions; escaping: 'doubled' | 'backslash' },
): Promise<Scanned> {
  const window = new StreamWindow(stream)
  try {
    const layout = await readLayout(window, { options, escaping, predicate: search.predicate })
    const scanner = new Scanner(layout, search, { isQuoteGiven: options.quote !== undefined })
    let consumed = layout.dataStart * layout.encoding.unitBytes
    search.onProgress?.(consumed)
    while (await window.advance(consumed)) {
      search.signal?.throwIfAborted()
      consumed = scanner.scan(window)
      search.onProgress?.(consumed)
      if (scanner.broken > 0 && search.malformed === 'refuse') break
    }
    return scanner.result(window.base)
  } finally {
    await window.close()
  }
}

class Scanner {
  broken = 0
  readonly #layout: Layout
  readonly #isQuoteGiven: boolean
  /** Whether any cell is; where none is, cells may lie where they like. */
  readonly #isLookedAt: boolean
  readonly #malformed: Search['malformed']
  readonly #matcher: RowMatcher
  readonly #parser: RecordParser
  readonly #rows = new Ranges()
  readonly #ranges = new Ranges()
  readonly #hits = new Map<number, number>()
  readonly #matched = new Set<number>()
  #rowsSeen = 0
  #hasBackslash = false

  constructor(layout: Layout, search: Search, { isQuoteGiven }: { isQuoteGiven: boolean }) {
    this.#layout = layout
    this.#isQuoteGiven = isQuoteGiven
    this.#malformed = search.malformed
    this.#matcher = new RowMatcher(search, layout, { isQuoteGiven })
    this.#isLookedAt = this.#matcher.cells.length > 0
    this.#parser = new RecordParser(layout.dialect, this.#matcher.cells)
  }

  /** Deals with the records that end in the window; yields their length in bytes. */
  scan({ bytes, base, isLast }: StreamWindow): number {
    const { encoding } = this.#layout
    const { unitBytes } = encoding
    if (isLast && bytes.length % unitBytes !== 0) throw new LetheError('malformed', 'ends within a character of UTF-16')
    const units = unitsOf(bytes, encoding)
    this.#hasBackslash ||= hasBackslashBeforeMark(bytes, this.#layout)
    const parser = this.#parser
    let at = 0
    while (at < units.length) {
      const outcome = parser.parse(units, at, isLast)
      if (outcome === 'more') break
      if (outcome === 'record') this.#record(units, at, base)
      else if (outcome === 'blank') this.#requireNoRow(units)
      else {
        this.broken += 1
        this.#rowsSeen += 1
        if (this.#malformed === 'refuse') break
      }
      at = parser.end
    }
    return at * unitBytes
  }

  result(streamBytes: number): Scanned {
    const found: RowsFound = {
      rows: this.#rows,
      ranges: this.#ranges,
      rowsSeen: this.#rowsSeen,
      hits: this.#hits,
      columns: this.#matcher.columns,
      warnings: this.broken === 0 ? [] : [{ code: 'malformed-kept', count: this.broken }],
      streamBytes,
    }
    return { found, broken: this.broken, hasBackslash: this.#hasBackslash }
  }

  #record(units: Units, start: number, base: number): void {
    const parser = this.#parser
    const { unitBytes } = this.#layout.encoding
    if (this.#isLookedAt) this.#requireCertainCells(units)
    this.#matcher.match(units, parser, this.#matched)
    if (this.#matched.size > 0) {
      this.#rows.add(this.#rowsSeen)
      this.#ranges.add(base + start * unitBytes, base + parser.end * unitBytes)
      for (const position of this.#matched) this.#hits.set(position, 1 + (this.#hits.get(position) ?? 0))
      this.#matched.clear()
    }
    this.#rowsSeen += 1
  }

  /** An apostrophe that were a quote could hide a delimiter: in a record of another length it probably does. */
  #requireCertainCells(units: Units): void {
    if (this.#layout.isDelimiterUnknown) requireOneCell(units, this.#parser)
    if (this.#isQuoteGiven || !this.#parser.hasApostrophe || this.#parser.cells === this.#layout.columns.length) return
    throw new LetheError('unsupported', 'whether the apostrophe is a quote is not certain; give the quote')
  }

  /** An empty line of a file with one column is its empty cell to some, nothing to others. */
  #requireNoRow(units: Units): void {
    if (this.#layout.columns.length !== 1) return
    this.#matcher.match(units, this.#parser, this.#matched)
    if (this.#matched.size === 0) return
    throw new LetheError('unsupported', 'whether an empty line is a row of the only column is not certain')
  }
}

const otherDelimiters = [0x09, 0x3b, 0x7c]

function requireOneCell(units: Units, { cells, starts, ends, forms }: RecordParser): void {
  const isOne = cells === 1
  const isBare = forms[0] === cellForm.bare || forms[0] === cellForm.bareEscaped
  if (isOne && !isBare) return
  const cell = units.subarray(starts[0]!, ends[0]!)
  if (isOne && !otherDelimiters.some((delimiter) => cell.includes(delimiter))) return
  throw new LetheError('unsupported', 'the header has one column and a row perhaps several; give the delimiter')
}

/** A backslash before a mark or another backslash, which means another thing where the backslash escapes. */
function hasBackslashBeforeMark(bytes: Uint8Array, { dialect, encoding }: Layout): boolean {
  if (encoding.unitBytes === 2) return bytes.includes(0x5c)
  for (let at = bytes.indexOf(0x5c); at !== -1; at = bytes.indexOf(0x5c, at + 1)) {
    const next = bytes[at + 1]
    const isMark = next === dialect.quote || next === dialect.delimiter || next === 10 || next === 13 || next === 0x5c
    // At the window's end what follows is not known.
    if (isMark || next === undefined) return true
  }
  return false
}

function sameRanges(a: Ranges, b: Ranges): boolean {
  if (a.count !== b.count) return false
  for (let index = 0; index < a.count; index += 1) {
    if (a.startAt(index) !== b.startAt(index) || a.endAt(index) !== b.endAt(index)) return false
  }
  return true
}
