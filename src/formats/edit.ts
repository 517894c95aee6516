import type { RangeSource } from './range-source.ts'

/** A run of bytes of an object's future: from its present version, or from the spool of new bytes. */
export interface Piece {
  readonly from: 'source' | 'spool'
  readonly start: number
  readonly end: number
}

/** What an edit does, in rows and bytes. */
export interface EraseSummary {
  /** Rows that the source holds. */
  readonly rowsBefore: number
  /** Rows that are gone afterwards. */
  readonly rowsErased: number
  /** Bytes kept from the source. */
  readonly keptBytes: number
  /** New bytes, from the spool. `keptBytes + insertedBytes` is the new size. */
  readonly insertedBytes: number
}

/**
 * The future of an object, not yet carried out. It can be counted, replayed, planned into parts and read at random;
 * a dry run is the same edit, never written.
 */
export interface Edit {
  /** Length of the edited object in bytes. */
  readonly size: number
  /** In order, without empty ones; may be iterated again and again. */
  readonly pieces: Iterable<Piece>
  readonly spool: RangeSource
  readonly summary: EraseSummary
}

/**
 * Makes an edit of its pieces: adjacent ones joined, sizes summed.
 * Pieces are kept as numbers, 24 bytes each: an edit of a large file can have a hundred thousand of them.
 */
export function makeEdit(
  pieces: Iterable<Piece>,
  { spool, rowsBefore, rowsErased }: { spool: RangeSource; rowsBefore: number; rowsErased: number },
): Edit {
  const packed = packPieces(pieces)
  let keptBytes = 0
  let insertedBytes = 0
  for (const { from, start, end } of packed) {
    if (from === 'source') keptBytes += end - start
    else insertedBytes += end - start
  }
  return {
    size: keptBytes + insertedBytes,
    pieces: packed,
    spool,
    summary: { rowsBefore, rowsErased, keptBytes, insertedBytes },
  }
}

/**
 * The edited object as an ordinary source: what would be written, before anyone can see it.
 * A read costs a binary search and the reads of the pieces that it meets.
 */
export function editedView(source: RangeSource, edit: Edit): RangeSource {
  const pieces = [...edit.pieces]
  const offsets = new Float64Array(pieces.length)
  let size = 0
  pieces.forEach((piece, index) => {
    offsets[index] = size
    size += piece.end - piece.start
  })
  return {
    size,
    async read(start, end, options = {}) {
      if (start < 0 || end < start || end > size) throw new RangeError(`read ${start}..${end} of ${size} bytes`)
      const { signal, into } = options
      const result = into?.subarray(0, end - start) ?? new Uint8Array(end - start)
      for (let index = lastAtOrBefore(offsets, start); index < pieces.length; index += 1) {
        const offset = offsets[index]!
        if (offset >= end) break
        const piece = pieces[index]!
        const from = piece.start + Math.max(0, start - offset)
        const to = Math.min(piece.end, piece.start + end - offset)
        const at = offset + (from - piece.start) - start
        const target = result.subarray(at, at + to - from)
        const call = signal === undefined ? { into: target } : { into: target, signal }
        const bytes = await (piece.from === 'source' ? source : edit.spool).read(from, to, call)
        const isThere = bytes.buffer === target.buffer && bytes.byteOffset === target.byteOffset
        if (!isThere) target.set(bytes)
      }
      return result
    },
  }
}

function packPieces(pieces: Iterable<Piece>): Iterable<Piece> {
  const packed: number[] = []
  for (const { from, start, end } of pieces) {
    if (start === end) continue
    const kind = from === 'source' ? 0 : 1
    const last = packed.length - 3
    if (last >= 0 && packed[last] === kind && packed[last + 2] === start) packed[last + 2] = end
    else packed.push(kind, start, end)
  }
  const numbers = Float64Array.from(packed)
  return {
    *[Symbol.iterator]() {
      for (let index = 0; index < numbers.length; index += 3) {
        const from = numbers[index] === 0 ? ('source' as const) : ('spool' as const)
        yield { from, start: numbers[index + 1]!, end: numbers[index + 2]! }
      }
    },
  }
}

function lastAtOrBefore(offsets: Float64Array, position: number): number {
  let low = 0
  let high = offsets.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (offsets[middle]! <= position) low = middle
    else high = middle
  }
  return low
}
