import type { Match } from '../src/domain/match.ts'
import { bind } from '../src/domain/predicate.ts'
import { editedView } from '../src/formats/edit.ts'
import type { Format, Found, Search } from '../src/formats/format.ts'
import { bytesSource } from '../src/formats/range-source.ts'
import { makeSpool } from '../src/formats/spool.ts'

/** Matches by hand: each an object of column = text, all of which must hold. */
export function matchesOf(...matches: Readonly<Record<string, string>>[]): Match[] {
  return matches.map((columns, position) => ({
    kind: 'composite',
    values: Object.entries(columns).map(([column, value]) => ({ column, value })),
    position,
  }))
}

export type SearchOptions = Partial<Omit<Search, 'predicate'>>

export function searchFor(matches: readonly Match[], options: SearchOptions = {}): Search {
  return { partitions: [], malformed: 'refuse', ...options, predicate: bind(matches) }
}

export function findInBytes(format: Format, bytes: Uint8Array, search: Search): Promise<Found> {
  return format.find(bytesSource(bytes), search)
}

/** The bytes of an object without its matching rows: found, erased and verified as the engine does it. */
export async function eraseFromBytes(format: Format, bytes: Uint8Array, search: Search): Promise<Buffer> {
  const source = bytesSource(bytes)
  const found = await format.find(source, search)
  await using spool = makeSpool()
  const edit = await format.erase(source, { search, found, spool })
  await format.verify(source, { search, found, edit })
  return Buffer.from(await editedView(source, edit).read(0, edit.size))
}

/** Row ordinals one by one. */
export function rowsOf({ rows }: Found): number[] {
  return [...rows].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index))
}
