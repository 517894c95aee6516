import type { Match } from '../../src/domain/match.ts'
import type { PartitionColumn } from '../../src/domain/partition.ts'
import { bind } from '../../src/domain/predicate.ts'
import { avro } from '../../src/formats/avro/avro.ts'
import { type Edit, editedView } from '../../src/formats/edit.ts'
import type { Found, Search } from '../../src/formats/format.ts'
import { bytesSource } from '../../src/formats/range-source.ts'
import { makeSpool } from '../../src/formats/spool.ts'

/** A match of one column, or of several, for tests. */
export type Wanted = Readonly<Record<string, string>>

export function searchFor(wanted: readonly Wanted[], partitions: readonly PartitionColumn[] = []): Search {
  const matches = wanted.map((columns, position): Match => {
    const values = Object.entries(columns).map(([column, value]) => ({ column, value }))
    return values.length === 1 ? { kind: 'simple', position, ...values[0]! } : { kind: 'composite', position, values }
  })
  return { predicate: bind(matches), partitions, malformed: 'refuse' }
}

export interface Erased {
  readonly found: Found
  readonly edit: Edit
  readonly bytes: Buffer
}

/** Finds, erases and verifies; yields the edited object. */
export async function eraseAll(file: Buffer, search: Search): Promise<Erased> {
  const source = bytesSource(file)
  const found = await avro.find(source, search)
  const edit = await avro.erase(source, { search, found, spool: makeSpool() })
  await avro.verify(source, { search, found, edit })
  const view = editedView(source, edit)
  return { found, edit, bytes: Buffer.from(await view.read(0, view.size)) }
}

/** The ordinals of the rows that match. */
export async function findRows(file: Buffer, search: Search): Promise<number[]> {
  const { rows } = await avro.find(bytesSource(file), search)
  return [...rows].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index))
}
