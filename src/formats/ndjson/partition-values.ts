import { type PartitionColumn, partitionsBeside } from '../../domain/partition.ts'
import { type Rank, rank } from './columns.ts'
import type { CompiledPredicate } from './compiled-predicate.ts'

/**
 * What an object's folders add to each of its lines. NDJSON has no schema that would say whether "the file has that
 * column", so each line decides: its own key counts, and the folder's value where it has none. A partition column that
 * is spelled as the match does comes before a key that differs from it in case; one that is spelled as a key of the line
 * is no column of that line.
 */
export class PartitionValues {
  /** Groups of which a tuple is made by folders alone. */
  readonly groups: readonly number[]
  /** Folders that matches mean but for case: a key of that very spelling takes their place. */
  readonly looseNames: ReadonlySet<string>
  readonly #beside = new Map<string, PartitionValues>()
  readonly #predicate: CompiledPredicate
  readonly #partitions: readonly PartitionColumn[]
  readonly #ranks: Uint8Array
  /** For each slot the texts that the folder's value equals. */
  readonly #ids: readonly (readonly number[])[]

  constructor(predicate: CompiledPredicate, partitions: readonly PartitionColumn[]) {
    const { columns, slots, groups } = predicate
    this.#predicate = predicate
    this.#partitions = partitions
    const values = columns.map((name) => valuesOf(name, partitions))
    this.looseNames = new Set(values.flatMap((known) => (known.rank === rank.caseApart ? known.names : [])))
    this.#ranks = Uint8Array.from(values, (known) => known.rank)
    this.#ids = slots.map(({ column, values: texts }) =>
      values[column]!.values.flatMap((value) => {
        const bytes = Buffer.from(value)
        const id = texts.ofString(bytes, 0, bytes.length)
        return id !== -1 && texts.text(id) === value ? [id] : []
      }),
    )
    this.groups = groups.flatMap(({ slots: members, lookup }, index) =>
      lookup.ofSeveral(members.map((slot) => this.#ids[slot]!)).length > 0 ? [index] : [],
    )
  }

  /** What is left of them in a line with these keys, all of them loose names. */
  beside(keys: ReadonlySet<string>): PartitionValues {
    if (keys.size === 0) return this
    const id = JSON.stringify([...keys].toSorted())
    let left = this.#beside.get(id)
    if (left === undefined) {
      left = new PartitionValues(this.#predicate, partitionsBeside(this.#partitions, [...keys]))
      this.#beside.set(id, left)
    }
    return left
  }

  /** How surely a folder gives the column; `absent` where none does. */
  rankOf(column: number): Rank {
    return this.#ranks[column] as Rank
  }

  /** The texts of a slot that the folder's value equals. */
  idsOf(slot: number): readonly number[] {
    return this.#ids[slot]!
  }

  /** The texts that a column equals in a row which has it at a rank of its own, there equal to `ids`. */
  idsWith(
    slot: number,
    column: number,
    row: { readonly rank: Rank; readonly ids: readonly number[] },
  ): readonly number[] {
    const own = this.#ranks[column]!
    if (own === rank.absent || row.rank < own) return row.ids
    return row.rank === own ? [...row.ids, ...this.#ids[slot]!] : this.#ids[slot]!
  }
}

function valuesOf(name: string, partitions: readonly PartitionColumn[]) {
  const exact = partitions.filter((partition) => partition.name === name)
  const folded = partitions.filter((partition) => partition.name.toLowerCase() === name.toLowerCase())
  const chosen = exact.length > 0 ? exact : folded
  return {
    rank: exact.length > 0 ? rank.exactPartition : folded.length > 0 ? rank.caseApart : rank.absent,
    names: chosen.map((partition) => partition.name),
    values: chosen.flatMap(({ value }) => (value === null ? [] : [value])),
  }
}
