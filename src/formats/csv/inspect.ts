import { isUtf8 } from 'node:buffer'
import { bind } from '../../domain/predicate.ts'
import type { Fact, Inspection } from '../format.ts'
import { type Encoding, unitsOf } from './encoding.ts'
import { isCertainHeader } from './header-certainty.ts'
import type { Layout } from './layout.ts'
import type { CsvOptions } from './options.ts'
import { readLayout } from './read-layout.ts'
import { RecordParser } from './record-parser.ts'
import { StreamWindow } from './stream-window.ts'

/**
 * Tells how an object is laid out and how many records it has. Names of columns are told where the first record is
 * certainly a header: otherwise they may be somebody's values.
 */
export async function inspect(
  stream: AsyncIterable<Uint8Array>,
  options: CsvOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Inspection> {
  const window = new StreamWindow(stream)
  try {
    const escaping = options.escape ?? 'doubled'
    const layout = await readLayout(window, { options, escaping, predicate: bind([]) })
    const { encoding, dialect, header } = layout
    const isNamed = header === 'present' && isCertainHeader(unitsOf(window.bytes, encoding), layout)
    const counts = { records: 0, ragged: 0, broken: 0, blankLines: 0, isUtf8: true }
    let consumed = layout.dataStart * encoding.unitBytes
    counts.isUtf8 = isUtf8(window.bytes.subarray(0, consumed))
    while (await window.advance(consumed)) {
      signal?.throwIfAborted()
      consumed = count(window, layout, counts)
    }
    const { isUtf8: isAllUtf8, ...numbers } = counts
    const facts: Record<string, Fact> = {
      columns: isNamed ? layout.columns : layout.columns.length,
      header: isNamed || options.header !== undefined ? header : 'not certain',
      delimiter: layout.isDelimiterUnknown ? 'not certain' : String.fromCharCode(dialect.delimiter),
      quote: dialect.quote === -1 ? 'none' : String.fromCharCode(dialect.quote),
      encoding: encodingFact(encoding, isAllUtf8),
      byteOrderMark: encoding.markBytes > 0,
      ...numbers,
    }
    return { format: 'csv', facts }
  } finally {
    await window.close()
  }
}

function count(
  { bytes, isLast }: StreamWindow,
  { dialect, encoding, columns }: Layout,
  counts: { records: number; ragged: number; broken: number; blankLines: number; isUtf8: boolean },
): number {
  const units = unitsOf(bytes, encoding)
  const parser = new RecordParser(dialect, [])
  let at = 0
  while (at < units.length) {
    const outcome = parser.parse(units, at, isLast)
    if (outcome === 'more') break
    if (outcome === 'blank') counts.blankLines += 1
    else counts.records += 1
    if (outcome === 'broken') counts.broken += 1
    if (outcome === 'record' && parser.cells !== columns.length) counts.ragged += 1
    at = parser.end
  }
  const consumed = isLast ? bytes.length : at * encoding.unitBytes
  counts.isUtf8 &&= isUtf8(bytes.subarray(0, consumed))
  return consumed
}

function encodingFact({ name }: Encoding, isAllUtf8: boolean): string {
  if (name !== 'unmarked') return name
  return isAllUtf8 ? 'utf-8' : 'not utf-8'
}
