import { LetheError } from '../../domain/error.ts'
import type { Ranges } from '../../domain/ranges.ts'
import type { Edit, Piece } from '../edit.ts'
import type { VerifyRequest } from '../format.ts'
import type { RangeSource } from '../range-source.ts'
import type { RowFormat } from '../row-format.ts'
import type { Codec, Unit } from './codec.ts'
import { membersStream } from './decompressed.ts'
import { StreamComparison } from './stream-comparison.ts'
import { UnitReader } from './unit-reader.ts'
import { isTouched, type Units } from './units.ts'

/**
 * Proves an edit of a compressed object in one pass over the members that it replaces: those that have no erased byte
 * stay where they are; the new ones decompress to exactly what the old ones did without the rows found; and the row
 * format says that these rows are whole ones that match.
 *
 * @throws LetheError `not-verified`
 */
export async function verifyCompressed(
  source: RangeSource,
  { search, found, edit }: VerifyRequest,
  { codec, rowFormat, units }: { readonly codec: Codec; readonly rowFormat: RowFormat; readonly units: Units },
): Promise<void> {
  const { ranges } = found
  if (ranges === undefined) throw new LetheError('internal', 'what was found has no byte ranges')
  requireCounts(edit, { found, size: units.streamBytes, ranges })
  requireOthersInPlace(edit, { source, units, ranges })
  const comparison = new StreamComparison(newStream(codec, edit))
  const reader = new UnitReader(source, {
    codec,
    units,
    isTouched: (unit) => isTouched(unit, ranges),
    onTouched: async (position, bytes) => {
      for (const { start, end } of ranges.gaps(position, position + bytes.length)) {
        if (await comparison.goesOnWith(bytes.subarray(start - position, end - position))) continue
        throw notVerified('what stays of a member is not what was in it')
      }
    },
    signal: search.signal,
  })
  try {
    await rowFormat.verifyErased((start, end) => reader.read(start, end), {
      size: units.streamBytes,
      found: { ...found, ranges, streamBytes: units.streamBytes },
      search,
    })
    await reader.finish()
    if (!(await comparison.isAtEnd())) throw notVerified('new members hold more than what stays')
  } finally {
    await reader.close()
    await comparison.close()
  }
}

function requireCounts(
  { summary, size }: Edit,
  { found, size: streamBytes, ranges }: { found: VerifyRequest['found']; size: number; ranges: Ranges },
): void {
  const agrees =
    summary.rowsBefore === found.rowsSeen &&
    summary.rowsErased === found.rows.size &&
    summary.keptBytes + summary.insertedBytes === size &&
    (ranges.count === 0 || ranges.endAt(ranges.count - 1) <= streamBytes)
  if (!agrees) throw notVerified('the edit and what was found disagree')
}

/** The pieces of the source are all that is not a touched unit, in order; new members stand only in place of those. */
function requireOthersInPlace(
  edit: Edit,
  { source, units, ranges }: { source: RangeSource; units: Units; ranges: Ranges },
): void {
  const expected = keptPieces(units, ranges, source.size)
  let next = expected.next()
  let position = 0
  let spoolEnd = 0
  for (const piece of edit.pieces) {
    if (piece.from === 'spool') {
      if (piece.start !== spoolEnd || !mayStandAt(position, { units, ranges }))
        throw notVerified('new bytes in a wrong place')
      spoolEnd = piece.end
      continue
    }
    if (next.done === true || next.value.start !== piece.start || next.value.end !== piece.end) {
      throw notVerified('what was not to be touched is not where it was')
    }
    position = piece.end
    next = expected.next()
  }
  if (next.done !== true) throw notVerified('a part of the object is missing')
}

function* keptPieces(units: Units, ranges: Ranges, size: number): Generator<Omit<Piece, 'from'>> {
  let position = 0
  for (const unit of units) {
    if (!isTouched(unit, ranges)) continue
    if (unit.start > position) yield { start: position, end: unit.start }
    position = unit.end
  }
  if (size > position) yield { start: position, end: size }
}

/** Whether a touched unit begins at this offset of the source. */
function mayStandAt(position: number, { units, ranges }: { units: Units; ranges: Ranges }): boolean {
  const unit: Unit | undefined = units.startingAt(position)
  return unit !== undefined && isTouched(unit, ranges)
}

/** What all the new members together decompress to. Each run of them is read by itself: none may lean on its neighbour. */
async function* newStream(codec: Codec, edit: Edit): AsyncGenerator<Uint8Array> {
  for (const piece of edit.pieces) if (piece.from === 'spool') yield* membersStream(codec, edit.spool, piece)
}

function notVerified(message: string): LetheError {
  return new LetheError('not-verified', message)
}
