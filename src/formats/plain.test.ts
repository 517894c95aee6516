import { describe, expect, test } from 'vitest'
import { LetheError } from '../domain/error.ts'
import { bind } from '../domain/predicate.ts'
import { Ranges } from '../domain/ranges.ts'
import { editedView, makeEdit } from './edit.ts'
import type { Found, Search } from './format.ts'
import { plain } from './plain.ts'
import { bytesSource } from './range-source.ts'
import type { RowFormat } from './row-format.ts'
import { makeSpool } from './spool.ts'

/** Rows of four bytes each; those that begin with `x` match. */
const fourByteRows: RowFormat = {
  name: 'four',
  detect: () => 'content',
  inspect: () => Promise.resolve({ format: 'four', facts: {} }),
  async scan(openStream) {
    const chunks: Uint8Array[] = []
    for await (const chunk of openStream()) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const rows = new Ranges()
    const ranges = new Ranges()
    for (let row = 0; row < bytes.length / 4; row += 1) {
      if (bytes[row * 4] !== 'x'.charCodeAt(0)) continue
      rows.add(row)
      ranges.add(row * 4, row * 4 + 4)
    }
    const rowsSeen = bytes.length / 4
    return { rows, ranges, rowsSeen, hits: new Map(), columns: new Set(), warnings: [], streamBytes: bytes.length }
  },
  async verifyErased(read, { found }) {
    for (const { start, end } of found.ranges) {
      if ((end - start) % 4 !== 0 || (await read(start, start + 1))[0] !== 'x'.charCodeAt(0)) {
        throw new LetheError('not-verified', 'no row')
      }
    }
  },
}

const format = plain(fourByteRows)
const search: Search = { predicate: bind([]), partitions: [], malformed: 'refuse' }
const source = bytesSource(Buffer.from('aaaaxbbbxccccdddxeee'))

async function findAndErase() {
  const found = await format.find(source, search)
  const spool = makeSpool()
  return { found, spool, edit: await format.erase(source, { search, found, spool }) }
}

describe('plain', () => {
  test('keeps every byte outside the rows found, in order, and inserts none', async () => {
    const { edit } = await findAndErase()
    const view = editedView(source, edit)
    expect(Buffer.from(await view.read(0, view.size)).toString()).toBe('aaaacddd')
    expect(edit.summary).toEqual({ rowsBefore: 5, rowsErased: 3, keptBytes: 8, insertedBytes: 0 })
  })

  test('estimates what an erase keeps exactly', async () => {
    const { found, edit } = await findAndErase()
    expect(found.estimate).toEqual({ keptBytes: edit.size, insertedBytes: 0 })
  })

  test('verifies its own edit', async () => {
    const { found, edit } = await findAndErase()
    await expect(format.verify(source, { search, found, edit })).resolves.toBeUndefined()
  })

  const wrongPieces = {
    'drops a kept byte': [
      { from: 'source', start: 0, end: 3 },
      { from: 'source', start: 12, end: 16 },
    ],
    'keeps a byte of an erased row': [
      { from: 'source', start: 0, end: 5 },
      { from: 'source', start: 12, end: 16 },
    ],
    'changes the order': [
      { from: 'source', start: 12, end: 16 },
      { from: 'source', start: 0, end: 4 },
    ],
    'takes a piece of the spool': [
      { from: 'source', start: 0, end: 4 },
      { from: 'spool', start: 12, end: 16 },
    ],
    'leaves out a piece': [{ from: 'source', start: 0, end: 4 }],
    'has a piece too many': [
      { from: 'source', start: 0, end: 4 },
      { from: 'source', start: 12, end: 16 },
      { from: 'source', start: 0, end: 4 },
    ],
  } as const

  test.each(Object.entries(wrongPieces))('does not verify an edit that %s', async (_, pieces) => {
    const { found, spool, edit } = await findAndErase()
    const rows = { rowsBefore: 5, rowsErased: 3 }
    const wrong = { ...makeEdit(pieces, { spool, ...rows }), size: edit.size, summary: edit.summary }
    await expect(format.verify(source, { search, found, edit: wrong })).rejects.toMatchObject({ code: 'not-verified' })
  })

  test.each(['rowsBefore', 'rowsErased', 'keptBytes', 'insertedBytes'] as const)(
    'does not verify an edit whose %s is wrong',
    async (count) => {
      const { found, edit } = await findAndErase()
      const wrong = { ...edit, summary: { ...edit.summary, [count]: edit.summary[count] + 1 } }
      const verdict = format.verify(source, { search, found, edit: wrong })
      await expect(verdict).rejects.toMatchObject({ code: 'not-verified' })
    },
  )

  test('does not verify ranges that are no rows that match, though the edit agrees with them', async () => {
    const { found, spool } = await findAndErase()
    const planted: Found = { ...found, ranges: Ranges.of([{ start: 0, end: 12 }]) }
    const edit = await format.erase(source, { search, found: planted, spool })
    const verdict = format.verify(source, { search, found: planted, edit })
    await expect(verdict).rejects.toMatchObject({ code: 'not-verified' })
  })

  test('does not verify ranges beyond the end', async () => {
    const { found, spool } = await findAndErase()
    const planted: Found = { ...found, ranges: Ranges.of([{ start: 16, end: 24 }]) }
    const edit = await format.erase(source, { search, found: planted, spool })
    const verdict = format.verify(source, { search, found: planted, edit })
    await expect(verdict).rejects.toMatchObject({ code: 'not-verified' })
  })

  test('refuses to call an object searched that was not read to its end', async () => {
    const lazy: RowFormat = {
      ...fourByteRows,
      scan: async (...scanned) => ({ ...(await fourByteRows.scan(...scanned)), streamBytes: 4 }),
    }
    await expect(plain(lazy).find(source, search)).rejects.toMatchObject({ code: 'internal' })
  })
})
