import { parquetMetadata, readOffsetIndex } from 'hyparquet'

/** Bytes that go from the store, to it, and from one place in it to another. */
export interface Moved {
  readonly down: number
  readonly up: number
  readonly copied: number
}

interface Page {
  readonly start: number
  readonly end: number
  readonly firstRow: number
}

/** A run of bytes of the new object: as they were in the old one, or new. */
interface Run {
  readonly isKept: boolean
  readonly length: number
}

/** Positions are counted in these, or the table of the search would be as long as the object. */
const unitBytes = 64

/**
 * The least that could be moved to erase rows of a Parquet object, when it is known where they are: every page with such
 * a row comes down and goes up in its new form, with the footer; so does every dictionary that changes, and those beside
 * such pages come down, for they may hold an erased value too; all else is copied by the store, in parts of at least
 * `minPartBytes` each, the last one aside; what is too short for that comes down and goes up too.
 *
 * Pages are where hyparquet sees them in the old object and in the new one.
 */
export function leastMoved(
  before: Uint8Array,
  after: Uint8Array,
  { rows, minPartBytes }: { readonly rows: readonly number[]; readonly minPartBytes: number },
): Moved {
  const old = pagesOf(before)
  const fresh = pagesOf(after)
  const runs: Run[] = [{ isKept: true, length: 4 }]
  let touchedBytes = footerBytes(before)
  for (const [group, { numRows, firstRow, chunks }] of old.entries()) {
    const erased = rows.filter((row) => row >= firstRow && row < firstRow + numRows).map((row) => row - firstRow)
    for (const [index, { pages, dictionary }] of chunks.entries()) {
      const isSame = Buffer.compare(dictionary, fresh[group]!.chunks[index]!.dictionary) === 0
      if (dictionary.length > 0) runs.push({ isKept: isSame, length: fresh[group]!.chunks[index]!.dictionary.length })
      if (erased.length > 0) touchedBytes += dictionary.length
      for (const [ordinal, { start, end, firstRow: first }] of pages.entries()) {
        const next = pages[ordinal + 1]?.firstRow ?? numRows
        const isTouched = erased.some((row) => row >= first && row < next)
        const now = fresh[group]!.chunks[index]!.pages[ordinal]!
        if (isTouched) touchedBytes += end - start
        runs.push({ isKept: !isTouched, length: now.end - now.start })
      }
    }
  }
  const described = after.length - runs.reduce((sum, { length }) => sum + length, 0)
  runs.push({ isKept: false, length: described })
  const newBytes = runs.reduce((sum, { isKept, length }) => sum + (isKept ? 0 : length), 0)
  const up = leastSent(runs, minPartBytes)
  return { down: touchedBytes + up - newBytes, up, copied: after.length - up }
}

function footerBytes(file: Uint8Array): number {
  return 8 + new DataView(file.buffer, file.byteOffset).getUint32(file.length - 8, true)
}

/** The chunks of every row group, as many pages as the offset indexes tell. */
function pagesOf(file: Uint8Array) {
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
  let firstRow = 0
  return parquetMetadata(buffer).row_groups.map((group) => {
    const numRows = Number(group.num_rows)
    const chunks = group.columns.map(({ meta_data: meta, offset_index_offset, offset_index_length }) => {
      const view = new DataView(buffer, Number(offset_index_offset), offset_index_length)
      const pages = readOffsetIndex({ view, offset: 0 }).page_locations.map(
        ({ offset, compressed_page_size, first_row_index }): Page => ({
          start: Number(offset),
          end: Number(offset) + compressed_page_size,
          firstRow: Number(first_row_index),
        }),
      )
      const dictionaryStart = Number(meta!.dictionary_page_offset ?? pages[0]!.start)
      return { pages, dictionary: file.subarray(dictionaryStart, pages[0]!.start) }
    })
    firstRow += numRows
    return { numRows, firstRow: firstRow - numRows, chunks }
  })
}

/**
 * The least number of bytes in parts that are sent, over all ways to cut the object into parts: for each position the
 * best cut of what lies before it, with a part that ends there.
 */
function leastSent(runs: readonly Run[], minPartBytes: number): number {
  const min = Math.round(minPartBytes / unitBytes)
  const length = Math.round(runs.reduce((sum, run) => sum + run.length, 0) / unitBytes)
  /** After a part that ends there and was sent, or copied. */
  const sent = new Float64Array(length + 1).fill(Number.POSITIVE_INFINITY)
  const copied = new Float64Array(length + 1).fill(Number.POSITIVE_INFINITY)
  sent[0] = copied[0] = 0
  const best = (at: number): number => Math.min(sent[at]!, copied[at]!)
  const joined = joinKept(runs)
  let position = 0
  let bytes = 0
  for (const run of joined) {
    bytes += run.length
    const runStart = position
    let leastBefore = Number.POSITIVE_INFINITY
    for (const end = Math.round(bytes / unitBytes); position < end; ) {
      position += 1
      const before = position - min
      const asNewPart = before >= 0 ? best(before) + min : Number.POSITIVE_INFINITY
      sent[position] = Math.min(position > min ? sent[position - 1]! + 1 : Number.POSITIVE_INFINITY, asNewPart)
      if (!run.isKept || before < runStart) continue
      leastBefore = Math.min(leastBefore, best(before))
      copied[position] = leastBefore
    }
  }
  // The last part may be as short as one likes.
  const last = joined.at(-1)!
  const lastStart = last.isKept ? length - Math.round(last.length / unitBytes) : length
  let least = best(length)
  for (let at = Math.max(0, length - min); at < length; at += 1) {
    least = Math.min(least, best(at) + (at >= lastStart ? 0 : length - at))
  }
  return least * unitBytes
}

/** Kept pages that follow one another are one range of the old object. */
function joinKept(runs: readonly Run[]): Run[] {
  const joined: Run[] = []
  for (const run of runs) {
    const before = joined.at(-1)
    if (before?.isKept === true && run.isKept)
      joined[joined.length - 1] = { isKept: true, length: before.length + run.length }
    else joined.push(run)
  }
  return joined
}
