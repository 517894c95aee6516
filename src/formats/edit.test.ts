import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editedView, makeEdit, type Piece } from './edit.ts'
import { bytesSource } from './range-source.ts'

const sourceBytes = Uint8Array.from({ length: 64 }, (_, index) => index)
const spoolBytes = Uint8Array.from({ length: 64 }, (_, index) => 128 + index)
const piece = fc
  .tuple(fc.constantFrom('source' as const, 'spool' as const), fc.nat(60), fc.nat(9))
  .map(([from, start, length]): Piece => ({ from, start, end: Math.min(64, start + length) }))
const counts = { rowsBefore: 9, rowsErased: 4 }

const replay = (pieces: Iterable<Piece>): number[] =>
  [...pieces].flatMap(({ from, start, end }) => [
    ...(from === 'source' ? sourceBytes : spoolBytes).subarray(start, end),
  ])

describe('an edit', () => {
  test('has the bytes of its pieces, joined where adjacent, and sums them', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const edit = makeEdit(pieces, { spool: bytesSource(spoolBytes), ...counts })
        const kept = [...edit.pieces]
        expect(replay(kept)).toEqual(replay(pieces))
        expect(edit.size).toBe(replay(pieces).length)
        expect(edit.summary.keptBytes).toBe(replay(pieces.filter(({ from }) => from === 'source')).length)
        expect(edit.summary.keptBytes + edit.summary.insertedBytes).toBe(edit.size)
        expect(kept.every(({ start, end }) => end > start)).toBe(true)
        const touching = kept.filter((next, index) => {
          const last = kept[index - 1]
          return last !== undefined && last.from === next.from && last.end === next.start
        })
        expect(touching).toEqual([])
      }),
    )
  })

  test('may be iterated again and again', () => {
    const edit = makeEdit([{ from: 'source', start: 1, end: 3 }], { spool: bytesSource(spoolBytes), ...counts })
    expect([...edit.pieces]).toEqual([...edit.pieces])
  })
})

describe('an edited view', () => {
  test('reads at random what a replay writes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), fc.nat(200), fc.nat(200), async (pieces, a, b) => {
        const view = editedView(
          bytesSource(sourceBytes),
          makeEdit(pieces, { spool: bytesSource(spoolBytes), ...counts }),
        )
        const start = Math.min(a, b, view.size)
        const end = Math.min(Math.max(a, b), view.size)
        expect([...(await view.read(start, end))]).toEqual(replay(pieces).slice(start, end))
      }),
    )
  })

  test('rejects a read beyond its end', async () => {
    const view = editedView(bytesSource(sourceBytes), makeEdit([], { spool: bytesSource(spoolBytes), ...counts }))
    await expect(view.read(0, 1)).rejects.toThrow(RangeError)
  })
})
