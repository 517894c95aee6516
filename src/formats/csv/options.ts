import { LetheError } from '../../domain/error.ts'

export type EncodingName = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1'

/**
 * What a person knows of their CSV files. What is left out is told from each object, where that is certain; where it is
 * not, the object is refused and the message names the option that decides.
 */
export interface CsvOptions {
  /** One ASCII character. Left out: `,`, tab, `;` or `|`, whichever gives a header with the columns that are looked for. */
  readonly delimiter?: string
  /** One ASCII character, or `none` where quotes mean nothing. Left out: `"`. */
  readonly quote?: string
  /** How a quote stands within a quoted cell: `""`, or `\"`. Left out: both are read, and must find the same rows. */
  readonly escape?: 'doubled' | 'backslash'
  /** Whether the first record names the columns; without one they are `_c0`, `_c1` ... as in Spark. Left out: it does. */
  readonly header?: 'present' | 'absent'
  /** A byte-order mark says more than this does. Left out: UTF-8, and Latin-1 for cells that are not UTF-8. */
  readonly encoding?: EncodingName
  /** Endings, in lower case, of names by which objects are taken for CSV, beside those of `csvEndings`. */
  readonly moreEndings?: readonly string[]
}

export const csvEndings: readonly string[] = ['.csv', '.tsv', '.tab']

/** @throws LetheError `invalid-argument` for options that no file can have. */
export function requireOptions({ delimiter, quote, escape: escaping }: CsvOptions): void {
  if (delimiter !== undefined && !isMark(delimiter)) throw invalid('the delimiter is not one ASCII character')
  if (quote !== undefined && quote !== 'none' && !isMark(quote)) throw invalid('the quote is not one ASCII character')
  if (delimiter !== undefined && delimiter === quote) throw invalid('delimiter and quote are the same')
  if (escaping === 'backslash' && (delimiter === '\\' || quote === '\\')) {
    throw invalid('the backslash is delimiter or quote and cannot be the escape')
  }
}

function isMark(text: string): boolean {
  return text.length === 1 && text.charCodeAt(0) < 0x80 && text !== '\n' && text !== '\r'
}

function invalid(message: string): LetheError {
  return new LetheError('invalid-argument', message)
}
