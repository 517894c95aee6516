import type { Command } from 'commander'
import { LetheError } from '../domain/error.ts'
import type { CsvOptions } from '../formats/csv/options.ts'
import { oneOf } from './choices.ts'

/** Options that say what CSV files are like; what is left out is told from each file, where it is certain. */
export interface CsvFlags {
  readonly csvDelimiter?: string
  readonly csvQuote?: string
  readonly csvEscape?: NonNullable<CsvOptions['escape']>
  readonly csvHeader?: NonNullable<CsvOptions['header']>
  readonly csvEncoding?: NonNullable<CsvOptions['encoding']>
  readonly csvEnding?: readonly string[]
}

const escapes = ['doubled', 'backslash'] as const
const headers = ['present', 'absent'] as const
const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'latin1'] as const

export function addCsvOptions(command: Command): Command {
  return command
    .option('--csv-delimiter <CHARACTER>', 'of CSV files; `tab` is one', (value) => (value === 'tab' ? '\t' : value))
    .option('--csv-quote <CHARACTER>', 'of CSV files; `none` where quotes mean nothing')
    .option('--csv-escape <doubled|backslash>', 'how a quote stands within quotes', oneOf('--csv-escape', escapes))
    .option(
      '--csv-header <present|absent>',
      'whether the first record names the columns; else they are _c0, _c1 ...',
      oneOf('--csv-header', headers),
    )
    .option('--csv-encoding <NAME>', `of CSV files: ${encodings.join(', ')}`, oneOf('--csv-encoding', encodings))
    .option('--csv-ending <ENDING>', 'names with this ending are CSV too, as `.txt`; repeat it', append)
}

/** Undefined where nothing is said of CSV files. */
export function csvOptionsOf(flags: CsvFlags): CsvOptions | undefined {
  const { csvDelimiter, csvQuote, csvEscape, csvHeader, csvEncoding, csvEnding } = flags
  const all = {
    delimiter: csvDelimiter,
    quote: csvQuote,
    escape: csvEscape,
    header: csvHeader,
    encoding: csvEncoding,
    moreEndings: csvEnding,
  }
  const given = Object.entries(all).filter(([, value]) => value !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

function append(value: string, values: readonly string[] = []): readonly string[] {
  if (value === '') throw new LetheError('invalid-argument', '--csv-ending takes the end of a name, as `.txt`')
  return [...values, value.toLowerCase()]
}
