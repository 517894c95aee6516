import type { Units } from './encoding.ts'

/** The marks that structure a file, as code units; -1 is a mark that the file does not have. */
export interface Dialect {
  readonly delimiter: number
  readonly quote: number
  /** A unit that takes the meaning from the next one, beside the doubled quote, which always stands for a quote. */
  readonly escapeMark: number
  /** `lf`: records end with LF or CRLF; `cr`: with CR alone. */
  readonly newline: 'lf' | 'cr'
}

/**
 * - `record`: ends at `end`, its terminator included; `cells` were met.
 * - `blank`: an empty line, no record.
 * - `broken`: no record can be told from here to `end`.
 * - `more`: the units end within it.
 */
export type Outcome = 'record' | 'blank' | 'broken' | 'more'

/** How a cell is written: not there, as it is, within quotes, or with something that must be unescaped. */
export const cellForm = { missing: 0, bare: 1, quoted: 2, quotedEscaped: 3, bareEscaped: 4 } as const

const lf = 10
const cr = 13
const space = 32
const tab = 9
const apostrophe = 39
const none = -1
const endIsBeyond = -1
const neverClosed = -2

/**
 * Splits units into records and cells, by RFC 4180 and what is met beyond it:
 *
 * - A quote within a cell that does not begin with one is itself (`5" pipe`).
 * - A record is broken by text after a closing quote, a quote after leading blanks (readers differ on it), a quote
 *   that is never closed, and a line end of the other kind outside quotes. Readers would not agree where it ends.
 * - Any number of cells is a record.
 *
 * One object for a whole scan: `parse` allocates nothing, where the wanted cells lie is left in its fields.
 */
export class RecordParser {
  /** Where the record or blank line ends, its terminator included. */
  end = 0
  /** Cells of the last record. */
  cells = 0
  /** Whether a bare cell of the last record begins with an apostrophe, which may be a quote that was not expected. */
  hasApostrophe = false
  /** Where the wanted cells lie, without their quotes, by the order of `wanted`; and their form. */
  starts: Int32Array
  ends: Int32Array
  forms: Uint8Array
  readonly #dialect: Dialect
  readonly #slots: Int32Array | undefined
  /** By unit, whether a bare cell ends or is escaped there. */
  readonly #stops: Uint8Array

  /** @param wanted indexes of the cells whose place is told; without it all are, by their index. */
  constructor(dialect: Dialect, wanted?: readonly number[]) {
    this.#dialect = dialect
    this.#stops = new Uint8Array(0x10000)
    for (const unit of [dialect.delimiter, dialect.escapeMark, lf, cr]) if (unit !== none) this.#stops[unit] = 1
    const size = wanted?.length ?? 16
    this.starts = new Int32Array(size)
    this.ends = new Int32Array(size)
    this.forms = new Uint8Array(size)
    if (wanted !== undefined) {
      this.#slots = new Int32Array(Math.max(-1, ...wanted) + 1).fill(-1)
      wanted.forEach((index, slot) => {
        this.#slots![index] = slot
      })
    }
  }

  /** Parses what begins at `from`, before the units end; `isLast` where none follow them. */
  parse(units: Units, from: number, isLast: boolean): Outcome {
    const { delimiter, quote, escapeMark } = this.#dialect
    const stops = this.#stops
    const to = units.length
    this.#clear()
    let at = from
    for (;;) {
      const first = at < to ? units[at]! : none
      if (first === quote && quote !== none) {
        const end = this.#endOfQuoted(units, at + 1, isLast)
        if (end === endIsBeyond) return 'more'
        if (end === neverClosed) return this.#broken(units, to, isLast)
        at = end + 1
      } else {
        if (first <= apostrophe && this.#isOddBeginning(units, at)) return this.#broken(units, at, isLast)
        const start = at
        let form: number = cellForm.bare
        while (at < to && stops[units[at]!] === 0) at += 1
        while (at < to && units[at] === escapeMark) {
          form = cellForm.bareEscaped
          at += 2
          while (at < to && stops[units[at]!] === 0) at += 1
        }
        if (at > to) at = to
        this.#place(start, at, form)
      }
      if (at >= to && !isLast) return 'more'
      if (at >= to || units[at] !== delimiter) return this.#finish(units, at, { from, isLast })
      at += 1
    }
  }

  #clear(): void {
    this.cells = 0
    this.hasApostrophe = false
    for (let slot = 0; slot < this.forms.length; slot += 1) this.forms[slot] = cellForm.missing
  }

  /** Where the quote is that closes the cell whose text begins at `start`; the cell is placed. */
  #endOfQuoted(units: Units, start: number, isLast: boolean): number {
    const { quote, escapeMark } = this.#dialect
    const to = units.length
    let form: number = cellForm.quoted
    let at = start
    for (;;) {
      while (at < to && units[at] !== quote && units[at] !== escapeMark) at += 1
      if (at + 1 >= to && !isLast) return endIsBeyond
      if (at >= to) return neverClosed
      if (units[at] === quote && (at + 1 >= to || units[at + 1] !== quote)) break
      form = cellForm.quotedEscaped
      at += 2
    }
    this.#place(start, at, form)
    return at
  }

  /** A quote after blanks: readers differ on whether it is one. An apostrophe may be a quote, and is only noted. */
  #isOddBeginning(units: Units, at: number): boolean {
    const first = units[at]
    if (first === apostrophe) this.hasApostrophe = true
    return (first === space || first === tab) && this.#isQuoteAfterBlanks(units, at)
  }

  #finish(units: Units, at: number, { from, isLast }: { from: number; isLast: boolean }): Outcome {
    if (at >= units.length) {
      this.end = units.length
      return 'record'
    }
    const unit = units[at]
    const next = at + 1 < units.length ? units[at + 1] : undefined
    if (unit === cr && next === undefined && !isLast) return 'more'
    const width = unit === cr && next === lf ? 2 : 1
    const isLineEnd = this.#dialect.newline === 'lf' ? unit === lf || width === 2 : unit === cr && width === 1
    if (!isLineEnd) return this.#broken(units, at, isLast)
    this.end = at + width
    return at === from ? 'blank' : 'record'
  }

  /** A broken record reaches to the first line end after the place where it broke: nothing before that is certain. */
  #broken(units: Units, at: number, isLast: boolean): Outcome {
    const index = units.indexOf(this.#dialect.newline === 'lf' ? lf : cr, at)
    if (index === -1 && !isLast) return 'more'
    this.end = index === -1 ? units.length : index + 1
    return 'broken'
  }

  #isQuoteAfterBlanks(units: Units, from: number): boolean {
    const { delimiter, quote } = this.#dialect
    let at = from
    while ((units[at] === space || units[at] === tab) && units[at] !== delimiter) at += 1
    return at > from && units[at] === quote
  }

  #place(start: number, end: number, form: number): void {
    const cell = this.cells
    this.cells += 1
    const slots = this.#slots
    if (slots !== undefined && cell >= slots.length) return
    const slot = slots === undefined ? cell : slots[cell]!
    if (slot === -1) return
    if (slot >= this.starts.length) this.#grow()
    this.starts[slot] = start
    this.ends[slot] = end
    this.forms[slot] = form
  }

  #grow(): void {
    const { starts, ends, forms } = this
    this.starts = new Int32Array(2 * starts.length)
    this.starts.set(starts)
    this.ends = new Int32Array(2 * ends.length)
    this.ends.set(ends)
    this.forms = new Uint8Array(2 * forms.length)
    this.forms.set(forms)
  }
}

/** A cell's text of its escaped form: doubled quotes are one; an escape before a mark or a line end leaves the latter. */
export function unescapeCell(text: string, form: number, { delimiter, quote, escapeMark }: Dialect): string {
  const isQuoted = form === cellForm.quotedEscaped
  let result = ''
  let done = 0
  for (let at = 0; at < text.length - 1; at += 1) {
    const unit = text.charCodeAt(at)
    const next = text.charCodeAt(at + 1)
    const isDoubled = isQuoted && unit === quote && next === quote
    const isEscape = unit === escapeMark && [quote, delimiter, escapeMark, lf, cr].includes(next)
    if (!isDoubled && !isEscape) {
      if (unit === escapeMark) at += 1
      continue
    }
    result += text.slice(done, at)
    done = at + 1
    at += 1
  }
  return result + text.slice(done)
}
