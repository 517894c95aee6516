import { LetheError } from '../../../domain/error.ts'
import { partitionPoint } from '../../../domain/partition-point.ts'
import type { Range } from '../../../domain/ranges.ts'
import type { Piece } from '../../../formats/edit.ts'

/** A part of a multipart upload, in order: a range of the source copied by the server, or bytes that are sent. */
export type Part =
  | { readonly kind: 'copy'; readonly start: number; readonly end: number }
  | { readonly kind: 'upload'; readonly pieces: readonly Piece[]; readonly sizeBytes: number }

export interface PartLimits {
  /** Every part but the last has at least this many bytes. */
  readonly minPartBytes: number
  readonly maxPartBytes: number
  readonly maxParts: number
  readonly maxObjectBytes: number
  /** Sent parts are held in memory, so they are cut smaller than the service's limit. */
  readonly maxUploadBytes: number
}

const mebibyte = 1024 ** 2

/** Amazon S3, "Multipart upload limits"; the bound of a sent part is ours. */
export const s3Limits: PartLimits = {
  minPartBytes: 5 * mebibyte,
  maxPartBytes: 5 * 1024 ** 3,
  maxParts: 10_000,
  maxObjectBytes: 5 * 1024 ** 4,
  maxUploadBytes: 8 * mebibyte,
}

/**
 * Cuts an edited object into parts so that as few bytes as the limits allow are sent.
 *
 * New bytes must be sent; a sent part under the minimum grows into the source ranges beside it, and a source range that
 * would be left too small to copy is sent whole. Which ranges to give up is a shortest path: see `chooseCopies`.
 *
 * @throws LetheError `limit-exceeded` for an object beyond the service's limits
 */
export function planParts(pieces: Iterable<Piece>, limits: PartLimits = s3Limits): Part[] {
  const placed = placePieces(pieces)
  const sizeBytes = placed.at(-1)?.end ?? 0
  if (sizeBytes > limits.maxObjectBytes || sizeBytes > limits.maxPartBytes * limits.maxParts) {
    throw new LetheError('limit-exceeded', 'the object would be larger than a multipart upload can be')
  }
  // With a coarser minimum there are fewer parts; at the object's own size there is one, or as many as its size needs.
  for (let minPartBytes = limits.minPartBytes; ; minPartBytes *= 2) {
    const parts = cut(placed, chooseCopies(placed, minPartBytes), { ...limits, minPartBytes })
    if (parts.length <= limits.maxParts) return parts
  }
}

/** A piece and where it lies in the edited object. */
interface PlacedPiece {
  readonly piece: Piece
  readonly start: number
  readonly end: number
}

/** A stretch of the edited object, within one source piece, that is copied. */
interface Copy {
  readonly placed: PlacedPiece
  readonly start: number
  readonly end: number
}

/** The cheapest known way to lay out everything before a copied stretch of a source piece, which is left open. */
interface Layout {
  readonly placed: PlacedPiece
  readonly copyStart: number
  readonly sentBytes: number
  readonly before: { readonly layout: Layout; readonly copyEnd: number } | undefined
}

/**
 * How many pieces that could be copied may lie inside one sent run: of three the middle one can be copied instead,
 * since on either side of it there is a whole piece and so a whole part.
 */
const maxSwallowed = 2

/**
 * Chooses which source pieces are copied, and how much of them.
 *
 * Between two copies lies one sent run, which holds all pieces between and, if that is less than a part, more: first the
 * end of the copy before it, as long as that stays a part, then the beginning of the copy behind it. For each piece
 * those layouts are kept that no other beats both in bytes sent and in how much of the piece is left for later.
 */
function chooseCopies(placed: readonly PlacedPiece[], minPartBytes: number): Copy[] {
  const total = placed.at(-1)?.end ?? 0
  let recent: (readonly Layout[])[] = []
  let best: { layout: Layout | undefined; sentBytes: number } = { layout: undefined, sentBytes: total }
  for (const next of placed) {
    // The last part of an upload may be of any size.
    const leastBytes = next.end === total ? 1 : minPartBytes
    if (next.piece.from !== 'source' || next.end - next.start < leastBytes) continue
    const candidates = [
      firstLayout(next, minPartBytes),
      ...recent.flat().map((layout) => followingLayout(layout, next, minPartBytes)),
    ]
    const layouts = undominated(candidates.filter(({ copyStart }) => next.end - copyStart >= leastBytes))
    if (layouts.length === 0) continue
    recent = [...recent, layouts].slice(-1 - maxSwallowed)
    for (const layout of layouts) {
      const sentBytes = layout.sentBytes + total - next.end
      if (sentBytes < best.sentBytes) best = { layout, sentBytes }
    }
  }
  return copiesOf(best.layout)
}

/** Everything before the piece is sent. */
function firstLayout(placed: PlacedPiece, minPartBytes: number): Layout {
  const sentBytes = placed.start === 0 ? 0 : Math.max(placed.start, minPartBytes)
  return { placed, copyStart: sentBytes, sentBytes, before: undefined }
}

function followingLayout(layout: Layout, placed: PlacedPiece, minPartBytes: number): Layout {
  const between = placed.start - layout.placed.end
  const lacking = between === 0 ? 0 : Math.max(0, minPartBytes - between)
  const spare = layout.placed.end - layout.copyStart - minPartBytes
  const fromBefore = Math.min(lacking, spare)
  return {
    placed,
    copyStart: placed.start + lacking - fromBefore,
    sentBytes: layout.sentBytes + between + lacking,
    before: { layout, copyEnd: layout.placed.end - fromBefore },
  }
}

function undominated(layouts: readonly Layout[]): Layout[] {
  const sorted = layouts.toSorted((a, b) => a.sentBytes - b.sentBytes || a.copyStart - b.copyStart)
  let least = Number.POSITIVE_INFINITY
  return sorted.filter(({ copyStart }) => {
    if (copyStart >= least) return false
    least = copyStart
    return true
  })
}

function copiesOf(last: Layout | undefined): Copy[] {
  const copies: Copy[] = []
  let end = last?.placed.end ?? 0
  for (let layout = last; layout !== undefined; layout = layout.before?.layout) {
    copies.push({ placed: layout.placed, start: layout.copyStart, end })
    end = layout.before?.copyEnd ?? 0
  }
  return copies.reverse()
}

function cut(placed: readonly PlacedPiece[], copies: readonly Copy[], limits: PartLimits): Part[] {
  const parts: Part[] = []
  let position = 0
  for (const copy of copies) {
    parts.push(...uploadParts(placed, { start: position, end: copy.start }, limits), ...copyParts(copy, limits))
    position = copy.end
  }
  return [...parts, ...uploadParts(placed, { start: position, end: placed.at(-1)?.end ?? 0 }, limits)]
}

function copyParts({ placed, start, end }: Copy, { maxPartBytes }: PartLimits): Part[] {
  const shift = placed.piece.start - placed.start
  return evenCuts(start, end, maxPartBytes).map((range) => ({
    kind: 'copy',
    start: range.start + shift,
    end: range.end + shift,
  }))
}

function uploadParts(placed: readonly PlacedPiece[], run: Range, limits: PartLimits): Part[] {
  const { maxUploadBytes, minPartBytes, maxPartBytes } = limits
  const parts = evenCuts(run.start, run.end, Math.min(Math.max(maxUploadBytes, 2 * minPartBytes), maxPartBytes))
  let index = firstEndingAfter(placed, run.start)
  return parts.map(({ start, end }) => {
    const pieces: Piece[] = []
    for (; index < placed.length && placed[index]!.start < end; index += 1) {
      const { piece, ...at } = placed[index]!
      const shift = piece.start - at.start
      pieces.push({ from: piece.from, start: Math.max(start, at.start) + shift, end: Math.min(end, at.end) + shift })
      // It goes on in the next part.
      if (at.end > end) break
    }
    return { kind: 'upload', pieces, sizeBytes: end - start }
  })
}

/** As few ranges as the maximum allows, of nearly equal length, so that none is small. */
function evenCuts(start: number, end: number, maxBytes: number): Range[] {
  const count = Math.ceil((end - start) / maxBytes)
  const at = (index: number): number => start + Math.floor(((end - start) / count) * index)
  return Array.from({ length: count }, (_, index) => ({
    start: at(index),
    end: index === count - 1 ? end : at(index + 1),
  }))
}

function placePieces(pieces: Iterable<Piece>): PlacedPiece[] {
  let position = 0
  return Array.from(pieces, (piece) => {
    const start = position
    position += piece.end - piece.start
    return { piece, start, end: position }
  })
}

function firstEndingAfter(placed: readonly PlacedPiece[], position: number): number {
  return partitionPoint(placed.length, (index) => placed[index]!.end <= position)
}
