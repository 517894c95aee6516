import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Piece } from '../../../formats/edit.ts'
import { type Part, type PartLimits, planParts, s3Limits } from './plan-parts.ts'

const small: PartLimits = {
  minPartBytes: 4,
  maxPartBytes: 1000,
  maxParts: 1000,
  maxObjectBytes: 100_000,
  maxUploadBytes: 1000,
}

/** Pieces with holes between adjacent source ranges; the spool is read from its beginning. */
function makePieces(steps: readonly { from: Piece['from']; length: number; hole: number }[]): Piece[] {
  const position = { source: 0, spool: 0 }
  return steps.map(({ from, length, hole }) => {
    const start = position[from] + (from === 'source' ? hole : 0)
    position[from] = start + length
    return { from, start, end: start + length }
  })
}

const steps = (maxLength: number) =>
  fc
    .array(
      fc.record({
        from: fc.constantFrom('source' as const, 'source' as const, 'spool' as const),
        length: fc.integer({ min: 1, max: 12 }),
        hole: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 1, maxLength },
    )
    .map(makePieces)

/** Every byte of an edited object, by where it comes from. */
const bytesOf = (pieces: Iterable<Piece>): string[] =>
  [...pieces].flatMap(({ from, start, end }) =>
    Array.from({ length: end - start }, (_, index) => `${from}${start + index}`),
  )

const sizeOf = (part: Part): number => (part.kind === 'copy' ? part.end - part.start : part.sizeBytes)
const sentBytes = (parts: readonly Part[]): number =>
  parts.reduce((sum, part) => sum + (part.kind === 'upload' ? part.sizeBytes : 0), 0)

/** The least number of sent bytes, by trying for every byte whether it is copied, sent, or begins a part. */
function leastSent(pieces: readonly Piece[], min: number): number {
  const bytes = [...pieces].flatMap(({ from, start, end }) =>
    Array.from({ length: end - start }, (_, index) => ({ from, at: start + index })),
  )
  // cost[i]: the least for the first i bytes, where a part ends at i.
  const cost = [0]
  for (let end = 1; end <= bytes.length; end += 1) {
    let least = Number.POSITIVE_INFINITY
    let isRange = true
    for (let start = end - 1; start >= 0; start -= 1) {
      const next = bytes[start + 1]
      isRange &&= bytes[start]!.from === 'source' && (start === end - 1 || next!.at === bytes[start]!.at + 1)
      if (end - start < min && end < bytes.length) continue
      least = Math.min(least, cost[start]! + (isRange ? 0 : end - start))
    }
    cost.push(least)
  }
  return cost[bytes.length]!
}

describe('planParts', () => {
  test('yields the edited object, in parts within the limits', () => {
    fc.assert(
      fc.property(steps(30), (pieces) => {
        const parts = planParts(pieces, small)
        const planned = parts.flatMap((part) =>
          bytesOf(part.kind === 'copy' ? [{ from: 'source', ...part }] : part.pieces),
        )
        expect(planned).toEqual(bytesOf(pieces))
        expect(parts.slice(0, -1).every((part) => sizeOf(part) >= small.minPartBytes)).toBe(true)
        for (const part of parts) {
          if (part.kind === 'upload') expect(part.sizeBytes).toBe(bytesOf(part.pieces).length)
        }
      }),
    )
  })

  test('sends as few bytes as any plan could', () => {
    fc.assert(
      fc.property(steps(14), (pieces) => {
        expect(sentBytes(planParts(pieces, small))).toBe(leastSent(pieces, small.minPartBytes))
      }),
      { numRuns: 1000 },
    )
  })

  test('keeps to the number of parts, however many pieces there are', () => {
    fc.assert(
      fc.property(steps(30), fc.integer({ min: 1, max: 9 }), (pieces, maxParts) => {
        const parts = planParts(pieces, { ...small, maxParts })
        expect(parts.length).toBeLessThanOrEqual(maxParts)
        const planned = parts.flatMap((part) =>
          bytesOf(part.kind === 'copy' ? [{ from: 'source', ...part }] : part.pieces),
        )
        expect(planned).toEqual(bytesOf(pieces))
      }),
    )
  })

  test('cuts what is larger than a part, and leaves no small end', () => {
    const pieces: Piece[] = [
      { from: 'source', start: 0, end: 25 },
      { from: 'spool', start: 0, end: 21 },
    ]
    const parts = planParts(pieces, { ...small, maxPartBytes: 10, maxUploadBytes: 10 })
    expect(parts.map(sizeOf)).toEqual([8, 8, 9, 7, 7, 7])
    expect(parts.map(({ kind }) => kind)).toEqual(['copy', 'copy', 'copy', 'upload', 'upload', 'upload'])
  })

  test('of 500 MB sends 5 MiB for one new byte in the middle', () => {
    const parts = planParts([
      { from: 'source', start: 0, end: 250_000_000 },
      { from: 'spool', start: 0, end: 1 },
      { from: 'source', start: 250_000_100, end: 500_000_000 },
    ])
    expect(parts.map(({ kind }) => kind)).toEqual(['copy', 'upload', 'copy'])
    expect(sentBytes(parts)).toBe(s3Limits.minPartBytes)
  })

  test('has no part for an object without bytes', () => {
    expect(planParts([])).toEqual([])
  })

  test('refuses an object that is too large', () => {
    const pieces: Piece[] = [{ from: 'source', start: 0, end: 6 * 1024 ** 4 }]
    expect(() => planParts(pieces)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
  })
})
