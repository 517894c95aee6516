import { LetheError } from '../domain/error.ts'
import type { Ranges } from '../domain/ranges.ts'
import { type Edit, makeEdit, type Piece } from './edit.ts'
import type { DetectableFormat, Found } from './format.ts'
import { chunksOf, type RangeSource } from './range-source.ts'
import type { RowFormat, RowsFound } from './row-format.ts'

/**
 * A format of a row format whose objects are not compressed: the edit is the source without the ranges of the erased
 * rows, and nothing is ever inserted.
 */
export function plain(rowFormat: RowFormat): DetectableFormat {
  return {
    name: rowFormat.name,
    detect: (probe) => rowFormat.detect(probe),
    inspect: (source, options = {}) => rowFormat.inspect(chunksOf(source, options), options),

    async find(source, search) {
      const options = search.signal === undefined ? {} : { signal: search.signal }
      const { streamBytes, ...found } = await rowFormat.scan(() => chunksOf(source, options), search)
      if (streamBytes !== source.size) throw new LetheError('internal', 'the object was not read to its end')
      return { ...found, estimate: { keptBytes: source.size - found.ranges.size, insertedBytes: 0 } }
    },

    erase(source, { found, spool }) {
      const pieces = piecesBetween(rangesOf(found), source.size)
      return Promise.resolve(makeEdit(pieces, { spool, rowsBefore: found.rowsSeen, rowsErased: found.rows.size }))
    },

    async verify(source, { search, found, edit }) {
      const options = search.signal === undefined ? {} : { signal: search.signal }
      requireComplement(source, found, edit)
      const rowsFound: RowsFound = { ...found, ranges: rangesOf(found), streamBytes: source.size }
      const read = (start: number, end: number) => source.read(start, end, options)
      await rowFormat.verifyErased(read, { size: source.size, found: rowsFound, search })
    },
  }
}

function rangesOf({ ranges }: Found): Ranges {
  if (ranges === undefined) throw new LetheError('internal', 'what was found has no byte ranges')
  return ranges
}

function* piecesBetween(ranges: Ranges, size: number): Generator<Piece> {
  for (const { start, end } of ranges.gaps(0, size)) yield { from: 'source', start, end }
}

/** The edit keeps each byte outside the ranges, in order, once, and nothing else; its counts say the same. */
function requireComplement(source: RangeSource, found: Found, edit: Edit): void {
  const ranges = rangesOf(found)
  const { rowsBefore, rowsErased, keptBytes, insertedBytes } = edit.summary
  const kept = source.size - ranges.size
  const agrees =
    isWithin(ranges, source.size) &&
    rowsBefore === found.rowsSeen &&
    rowsErased === found.rows.size &&
    insertedBytes === 0 &&
    keptBytes === kept &&
    edit.size === kept &&
    samePieces(edit.pieces, piecesBetween(ranges, source.size))
  if (!agrees) throw new LetheError('not-verified', 'the edit is not the object without the rows found')
}

function isWithin(ranges: Ranges, size: number): boolean {
  return ranges.count === 0 || ranges.endAt(ranges.count - 1) <= size
}

function samePieces(actual: Iterable<Piece>, expected: Generator<Piece>): boolean {
  for (const piece of actual) {
    const next = expected.next()
    if (next.done === true || !samePiece(piece, next.value)) return false
  }
  return expected.next().done === true
}

function samePiece(a: Piece, b: Piece): boolean {
  return a.from === b.from && a.start === b.start && a.end === b.end
}
