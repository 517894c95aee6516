import { looksLikeValue } from '../looks-like-value.ts'
import type { Units } from './encoding.ts'
import { bytesOf } from './encoding.ts'
import type { Layout } from './layout.ts'
import { RecordParser } from './record-parser.ts'

const sampleRecords = 100

/**
 * Whether the first record can be taken for a header although no column that is looked for is in it: none of its cells
 * looks like a value, and none stands again in the same column below.
 *
 * A header that is not certain refuses the object: its first row, and in a file without a header every row, would be
 * passed over in silence.
 */
export function isCertainHeader(units: Units, { columns, dialect, dataStart }: Layout): boolean {
  if (columns.some(looksLikeValue)) return false
  const names = columns.map((name) => (name === '' ? undefined : name))
  const parser = new RecordParser(dialect)
  let at = dataStart
  for (let count = 0; count < sampleRecords && at < units.length; count += 1) {
    const outcome = parser.parse(units, at, false)
    if (outcome === 'more') return true
    if (outcome === 'record' && repeats(units, parser, names)) return false
    at = parser.end
  }
  return true
}

function repeats(units: Units, { cells, starts, ends }: RecordParser, names: readonly (string | undefined)[]): boolean {
  return names.some((name, cell) => {
    if (name === undefined || cell >= cells) return false
    const bytes = bytesOf(units, starts[cell]!, ends[cell]!)
    return name === (units.BYTES_PER_ELEMENT === 2 ? bytes.toString('utf16le') : bytes.toString())
  })
}
