import type { Edit, Piece } from '../../../formats/edit.ts'
import type { RangeSource } from '../../../formats/range-source.ts'
import type { CallOptions } from '../../../ports/object-store.ts'

/** Source ranges closer than this are read in one request, the bytes between them thrown away. */
const joinGapBytes = 256 * 1024
/** A read that joins ranges is no longer than this, so that memory has a bound: many short ranges have many gaps. */
const maxJoinedBytes = 16 * 1024 ** 2

/** The bytes of a part that is sent; in memory, so a part has a bound. */
export async function partBytes(
  source: RangeSource,
  { spool }: Pick<Edit, 'spool'>,
  pieces: readonly Piece[],
  options: CallOptions = {},
): Promise<Buffer> {
  const result = Buffer.allocUnsafe(pieces.reduce((sum, { start, end }) => sum + end - start, 0))
  let position = 0
  const placed = pieces.map((piece) => {
    const at = position
    position += piece.end - piece.start
    return { piece, at }
  })
  for (const { piece, at } of placed.filter(({ piece: { from } }) => from === 'spool')) {
    result.set(await spool.read(piece.start, piece.end, options), at)
  }
  for (const group of joinNear(placed.filter(({ piece: { from } }) => from === 'source'))) {
    const start = group[0]!.piece.start
    const bytes = await source.read(start, group.at(-1)!.piece.end, options)
    for (const { piece, at } of group) result.set(bytes.subarray(piece.start - start, piece.end - start), at)
  }
  return result
}

interface Placed {
  readonly piece: Piece
  readonly at: number
}

/** Groups of pieces that follow one another in the source with small gaps, each within a bound. */
function joinNear(placed: readonly Placed[]): Placed[][] {
  const groups: Placed[][] = []
  for (const item of placed) {
    const group = groups.at(-1)
    const gap = item.piece.start - (group?.at(-1)?.piece.end ?? Number.NEGATIVE_INFINITY)
    const isNear = gap >= 0 && gap <= joinGapBytes
    if (group !== undefined && isNear && item.piece.end - group[0]!.piece.start <= maxJoinedBytes) group.push(item)
    else groups.push([item])
  }
  return groups
}
