import type { RowFormat } from '../row-format.ts'
import { inspect } from './inspect.ts'
import { type CsvOptions, csvEndings, requireOptions } from './options.ts'
import { scan } from './scan.ts'
import { verifyErased } from './verify-erased.ts'

/**
 * CSV, TSV and their like (RFC 4180 and what is met beyond it); all cells are text.
 *
 * Objects are taken for it by name alone: a text that looks like a table is not claimed. What an object does not show
 * with certainty (delimiter, quote, escape, header, encoding) and could change which rows match refuses it, unless
 * `options` say it.
 *
 * @throws LetheError `invalid-argument`
 */
export function csv(options: CsvOptions = {}): RowFormat {
  requireOptions(options)
  const endings = [...csvEndings, ...(options.moreEndings ?? [])]
  return {
    name: 'csv',
    detect: ({ name }) => (endings.some((ending) => name.toLowerCase().endsWith(ending)) ? 'name' : 'no'),
    scan: (openStream, search) => scan(openStream, search, options),
    verifyErased: (read, erased) => verifyErased(read, erased, options),
    inspect: (stream, call) => inspect(stream, options, call),
  }
}
