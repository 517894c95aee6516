import { beforeAll, describe, expect, it } from 'vitest'
import { type FilePlan, generateFile } from '../../../../test/parquet/generate.ts'
import { hyparquetDigests } from '../../../../test/parquet/readers.ts'
import { bind } from '../../../domain/predicate.ts'
import { type Edit, editedView, makeEdit, type Piece } from '../../edit.ts'
import type { Found, Search } from '../../format.ts'
import { bytesSource, type RangeSource } from '../../range-source.ts'
import { makeSpool } from '../../spool.ts'
import { readFooter } from '../footer.ts'
import { parquet } from '../parquet.ts'

const plan: FilePlan = {
  seed: 5,
  writer: 'arrow-rs',
  rows: 600,
  rowGroupRows: 200,
  codec: 'UNCOMPRESSED',
  version: 2,
  columns: 6,
  pageBytes: 500,
  dictionaryBytes: 1_000_000,
  encoding: 'PLAIN',
  statistics: 'page',
  bloom: true,
  checksums: false,
}

const search: Search = {
  predicate: bind(
    [1, 222, 223, 250].map((id, position) => ({ kind: 'simple', column: 'id', value: `${id}`, position })),
  ),
  partitions: [],
  malformed: 'refuse',
}

let bytes: Uint8Array
let source: RangeSource
let found: Found
let edit: Edit

beforeAll(async () => {
  bytes = await generateFile(plan)
  source = bytesSource(bytes)
  found = await parquet.find(source, search)
  edit = await parquet.erase(source, { search, found, spool: makeSpool() })
})

const verify = (changed: Edit) => parquet.verify(source, { search, found, edit: changed })

/** The edit, with the whole new file in its spool where not said otherwise, so that any byte of it can be another. */
async function withBytes(change: (output: Uint8Array) => void): Promise<Edit> {
  const view = editedView(source, edit)
  const output = (await view.read(0, view.size)).slice()
  change(output)
  const spool = makeSpool()
  const pieces: Piece[] = []
  let position = 0
  for (const piece of edit.pieces) {
    const length = piece.end - piece.start
    if (piece.from === 'source') pieces.push(piece)
    else pieces.push({ from: 'spool', ...(await spool.append(output.subarray(position, position + length))) })
    position += length
  }
  return makeEdit(pieces, { spool, rowsBefore: edit.summary.rowsBefore, rowsErased: edit.summary.rowsErased })
}

const withPieces = (pieces: Iterable<Piece>): Edit =>
  makeEdit(pieces, { spool: edit.spool, rowsBefore: edit.summary.rowsBefore, rowsErased: edit.summary.rowsErased })

describe('verifying an edited file', () => {
  it('accepts the edit that was made', async () => {
    await expect(verify(edit)).resolves.toBeUndefined()
    await expect(verify(await withBytes(() => undefined))).resolves.toBeUndefined()
  })

  it('rejects it with a byte of its new pages flipped, unless another reader reads the same rows all the same', async () => {
    const { footerStart } = await readFooter(editedView(source, edit))
    const erased = [1, 222, 223, 250]
    const expected = (await hyparquetDigests(bytes)).filter((_, row) => !erased.includes(row))
    let position = 0
    let rejected = 0
    for (const { from, start, end } of edit.pieces) {
      for (let at = position; from === 'spool' && at < Math.min(footerStart, position + end - start); at += 23) {
        const changed = await withBytes((output) => void (output[at]! ^= 1))
        if (await isAccepted(changed)) expect(await readRows(changed)).toEqual(expected)
        else rejected += 1
      }
      position += end - start
    }
    expect(rejected).toBeGreaterThan(30)
  }, 60_000)

  it('rejects an edit that keeps the whole file', async () => {
    await expect(verify(withPieces([{ from: 'source', start: 0, end: bytes.length }]))).rejects.toMatchObject({
      code: 'not-verified',
    })
  })

  it('rejects an edit of fewer rows, and one of others', async () => {
    for (const ids of [
      [1, 222, 223],
      [1, 222, 223, 251],
    ]) {
      const others: Search = {
        ...search,
        predicate: bind(ids.map((id, position) => ({ kind: 'simple', column: 'id', value: `${id}`, position }))),
      }
      const foundOthers = await parquet.find(source, others)
      const wrong = await parquet.erase(source, { search: others, found: foundOthers, spool: makeSpool() })
      const claimed = { ...wrong, summary: { ...wrong.summary, rowsErased: 4 } }
      await expect(verify(claimed)).rejects.toMatchObject({ code: 'not-verified' })
    }
  })

  it('rejects a kept piece that is another run of bytes of the source', async () => {
    const pieces = [...edit.pieces]
    const index = pieces.findIndex(({ from, start }) => from === 'source' && start > 4)
    const { start, end } = pieces[index]!
    pieces[index] = { from: 'source', start: start - 1, end: end - 1 }
    await expect(verify(withPieces(pieces))).rejects.toMatchObject({ outcome: 'refused' })
  })

  it('rejects a file with bytes between its structures', async () => {
    const { footerStart } = await readFooter(editedView(source, edit))
    // Behind all structures and before the footer, which says where it is itself.
    const changed = withPieces(inserted(edit.pieces, { at: footerStart, piece: { from: 'source', start: 4, end: 20 } }))
    await expect(verify(changed)).rejects.toMatchObject({ code: 'not-verified' })
  })

  it('rejects a file in which the search still finds a row, whatever the edit says', async () => {
    const wider: Search = {
      ...search,
      predicate: bind([{ kind: 'simple', column: 'id', value: '251', position: 0 }]),
    }
    await expect(parquet.verify(source, { search: wider, found, edit })).rejects.toMatchObject({
      code: 'not-verified',
      message: expect.stringContaining('still there'),
    })
  })
})

function inserted(pieces: Iterable<Piece>, { at, piece }: { at: number; piece: Piece }): Piece[] {
  const result: Piece[] = []
  let position = 0
  for (const { from, start, end } of pieces) {
    const split = start + at - position
    if (split > start && split <= end) result.push({ from, start, end: split }, piece, { from, start: split, end })
    else result.push({ from, start, end })
    position += end - start
  }
  return result
}

async function isAccepted(changed: Edit): Promise<boolean> {
  try {
    await verify(changed)
    return true
  } catch (error) {
    expect(error).toMatchObject({ outcome: 'refused' })
    return false
  }
}

async function readRows(changed: Edit): Promise<string[]> {
  const view = editedView(source, changed)
  return await hyparquetDigests(await view.read(0, view.size))
}
