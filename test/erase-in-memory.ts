import type { Match } from '../src/domain/match.ts'
import type { PartitionColumn } from '../src/domain/partition.ts'
import { bind } from '../src/domain/predicate.ts'
import { editedView } from '../src/formats/edit.ts'
import type { Format, Search } from '../src/formats/format.ts'
import { bytesSource } from '../src/formats/range-source.ts'
import { makeSpool } from '../src/formats/spool.ts'

/** A match as tests write it: columns and the texts that they must all equal. */
export type Columns = Readonly<Record<string, string>>

export interface SearchInMemory {
  readonly malformed?: Search['malformed']
  readonly partitions?: readonly PartitionColumn[]
}

export function searchFor(matches: readonly Columns[], { malformed = 'refuse', partitions = [] }: SearchInMemory = {}) {
  const search: Search = { predicate: bind(matches.map(toMatch)), malformed, partitions }
  return search
}

/** Finds, erases, verifies and reads what would be written. */
export async function eraseInMemory(
  format: Format,
  bytes: Uint8Array,
  matches: readonly Columns[],
  options: SearchInMemory = {},
) {
  const source = bytesSource(bytes)
  const search = searchFor(matches, options)
  const found = await format.find(source, search)
  await using spool = makeSpool()
  const edit = await format.erase(source, { search, found, spool })
  await format.verify(source, { search, found, edit })
  const kept = Buffer.from(await editedView(source, edit).read(0, edit.size))
  const rows = [...found.rows].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, row) => start + row))
  return { found, edit, kept, rows, pieces: [...edit.pieces] }
}

function toMatch(columns: Columns, position: number): Match {
  const values = Object.entries(columns).map(([column, value]) => ({ column, value }))
  return { kind: 'composite', values, position }
}
