import { isUtf8 } from 'node:buffer'
import { chooseColumn } from '../../domain/column.ts'
import { LetheError } from '../../domain/error.ts'
import { partitionsBeside } from '../../domain/partition.ts'
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
 * another reader of records and another comparison than those that found them. Reads forward only.
 *
 * Where it is not said whether a backslash escapes, one of the two ways must prove it.
 *
 * @throws LetheError `not-verified`
 */
export async function verifyErased(read: Read, erased: Erased, options: CsvOptions): Promise<void> {
  const { size, found, search } = erased
  if (found.ranges.count === 0) {
    if (found.rows.size > 0) throw notVerified('rows were found and no ranges')
    return
  }
  const head = new Head(read, size)
  const proofs: Proof[] = []
  for (const escaping of options.escape === undefined ? (['doubled', 'backslash'] as const) : [options.escape]) {
    const window = new StreamWindow(head.chunks())
    const layout = await readLayout(window, { options, escaping, predicate: search.predicate }).catch(asRefusal)
    proofs.push(new Proof(layout, erased))
  }
  // No more than a unit before each range: what a neighbouring range holds was read already.
  const unitBytes = Math.min(...proofs.map((proof) => proof.unitBytes))
  for (const { start, end } of found.ranges) {
    for (let at = Math.max(0, start - unitBytes); at < end; at += pieceBytes) {
      search.signal?.throwIfAborted()
      const to = Math.min(end, at + pieceBytes)
      const bytes = await head.read(at, to)
      for (const proof of proofs) proof.take(bytes, { start, at, isLast: to === end })
    }
  }
  const failures = proofs.map((proof) => proof.failure())
  if (!failures.includes(undefined)) throw failures[0]!
}

function asRefusal(error: unknown): LetheError {
  if (error instanceof LetheError && error.outcome === 'refused') return error
  throw error
}

/** The beginning of an object, which is read once and asked for several times. */
class Head {
  readonly #read: Read
  readonly #size: number
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(read: Read, size: number) {
    this.#read = read
    this.#size = size
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#size; ) {
      if (at === this.#bytes.length) {
        const next = await this.#read(at, Math.min(this.#size, at + Math.max(headBytes, at)))
        this.#bytes = Buffer.concat([this.#bytes, next])
      }
      yield this.#bytes.subarray(at)
      at = this.#bytes.length
    }
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const known = this.#bytes.subarray(start, end)
    if (known.length === end - start) return known
    return Buffer.concat([known, await this.#read(start + known.length, end)])
  }
}

/** The ranges read in one of the ways in which the object may be meant. */
class Proof {
  readonly #layout: Layout | undefined
  readonly #erased: Erased
  readonly #isErased: ((cells: readonly string[]) => boolean) | undefined
  #failure: LetheError | undefined
  #rows = 0
  #text = ''
  /** How long the text must be before it is looked at again: a long record is not read anew with every piece of it. */
  #wantedLength = 0

  constructor(layout: Layout | LetheError, erased: Erased) {
    this.#erased = erased
    this.#layout = layout instanceof LetheError ? undefined : layout
    this.#failure = layout instanceof LetheError ? layout : undefined
    this.#isErased = this.#layout === undefined ? undefined : makeRowTest(erased.search, this.#layout)
  }

  get unitBytes(): 1 | 2 {
    return this.#layout?.encoding.unitBytes ?? 2
  }

  /** Takes the next bytes of a range that begins at `start`; the first ones begin before it, to show what is there. */
  take(bytes: Uint8Array, { start, at, isLast }: { start: number; at: number; isLast: boolean }): void {
    if (this.#failure !== undefined) return
    try {
      if (at < start) this.#requireBoundary(bytes.subarray(0, start - at), start)
      else if (at === 0) this.#requireBoundary(bytes.subarray(0, 0), start)
      this.#text += decode(bytes.subarray(Math.max(0, start - at)), this.#layout!)
      this.#readRecords(start, isLast)
    } catch (error) {
      this.#failure = asRefusal(error)
    }
  }

  /** Why the ranges are not proven to be the rows found. */
  failure(): LetheError | undefined {
    if (this.#failure !== undefined || this.#rows === this.#erased.found.rows.size) return this.#failure
    return notVerified('the ranges to erase hold another number of records than were found')
  }

  /** A range begins right after the header, or after a line end. */
  #requireBoundary(before: Uint8Array, start: number): void {
    const { dataStart, dialect, encoding } = this.#layout!
    const dataAt = dataStart * encoding.unitBytes
    if (start === dataAt) return
    if (start < dataAt) throw notVerified('the header would be erased')
    const last = decode(before.subarray(before.length - encoding.unitBytes), this.#layout!)
    if (last !== (dialect.newline === 'lf' ? '\n' : '\r')) throw notVerified('a range begins within a record')
  }

  #readRecords(start: number, isLast: boolean): void {
    const dialect = textDialectOf(this.#layout!)
    const text = this.#text
    if (text.length < this.#wantedLength && !isLast) return
    let done = 0
    while (done < text.length) {
      const record = readRecord(text, done, { dialect, isLast })
      if (record === undefined) break
      if (!this.#isErased!(record.cells)) throw notVerified('a record to erase does not match')
      this.#rows += 1
      done = record.end
    }
    const end = this.#erased.found.ranges.endAt(this.#erased.found.ranges.indexAfter(start))
    if (isLast && end < this.#erased.size && !/[\r\n]$/.test(text)) throw notVerified('a range ends within a record')
    this.#text = text.slice(done)
    this.#wantedLength = 2 * this.#text.length
  }
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
  const folders = partitionsBeside(partitions, layout.columns)
  const available = [...layout.columns, ...folders.map(({ name }) => name)]
  const groups = predicate.groups.map((group) => ({
    tuples: tupleSetOf(group),
    values: group.columns.map((name) => {
      const choice = chooseColumn(name, available)
      return (cells: readonly string[]): string | null => {
        if (choice.kind !== 'one') return null
        const folder = folders[choice.index - layout.columns.length]
        if (folder !== undefined) return folder.value
        return cells[choice.index] === undefined ? null : cellText(cells[choice.index]!, layout)
      }
    }),
  }))
  return (cells) =>
    groups.some(({ tuples, values }) => {
      const texts = values.map((value) => value(cells))
      return !texts.includes(null) && tuples.has(texts.length === 1 ? texts[0]! : JSON.stringify(texts))
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

/** The text of a single column as it is; with several columns, as JSON. */
function* tuplesOf({ columns, texts, tuples, positions }: TupleGroup): Generator<string> {
  if (columns.length === 1) return yield* texts[0]!
  for (let tuple = 0; tuple < positions.length; tuple += 1) {
    yield JSON.stringify(columns.map((_, column) => texts[column]![tuples[tuple * columns.length + column]!]))
  }
}

function notVerified(message: string): LetheError {
  return new LetheError('not-verified', message)
}
