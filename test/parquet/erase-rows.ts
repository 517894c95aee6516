import { bind } from '../../src/domain/predicate.ts'
import { Ranges } from '../../src/domain/ranges.ts'
import { editedView } from '../../src/formats/edit.ts'
import type { Found, Search } from '../../src/formats/format.ts'
import { parquet } from '../../src/formats/parquet/parquet.ts'
import { bytesSource } from '../../src/formats/range-source.ts'
import { makeSpool } from '../../src/formats/spool.ts'

/** A search for values of columns; without any it finds nothing. */
export function searchFor(values: readonly { column: string; value: string }[]): Search {
  const matches = values.map(({ column, value }, position) => ({ kind: 'simple' as const, column, value, position }))
  return { predicate: bind(matches), partitions: [], malformed: 'refuse' }
}

/** The ordinals of the rows that a find yields. */
export async function findRows(bytes: Uint8Array, search: Search): Promise<{ found: Found; rows: number[] }> {
  const found = await parquet.find(bytesSource(bytes), search)
  return { found, rows: [...found.rows].flatMap(({ start, end }) => range(start, end)) }
}

/**
 * Erases rows by their ordinals, verifies the edit as the engine does, and carries it out in memory.
 *
 * @throws LetheError where the file is refused
 */
export async function eraseRows(bytes: Uint8Array, rows: Iterable<number>): Promise<Uint8Array> {
  const search = searchFor([])
  const { found } = await findRows(bytes, search)
  return erase(bytes, search, { ...found, rows: Ranges.of([...rows].map((row) => ({ start: row, end: row + 1 }))) })
}

/** Finds and erases, as the engine does. */
export async function eraseMatches(bytes: Uint8Array, search: Search): Promise<Uint8Array> {
  return erase(bytes, search, (await findRows(bytes, search)).found)
}

async function erase(bytes: Uint8Array, search: Search, found: Found): Promise<Uint8Array> {
  const source = bytesSource(bytes)
  await using spool = makeSpool()
  const edit = await parquet.erase(source, { search, found, spool })
  await parquet.verify(source, { search, found, edit })
  // Awaited here: the spool is gone once this function has returned.
  return await editedView(source, edit).read(0, edit.size)
}

export function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}
