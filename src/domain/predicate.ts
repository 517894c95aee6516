import { LetheError } from './error.ts'
import type { ColumnValue, Match } from './match.ts'

/**
 * All tuples over the same columns: a row matches when, for one of the tuples, every column equals its text.
 * Texts are interned, so that a million single ids cost a million strings and no object more.
 */
export interface TupleGroup {
  readonly columns: readonly string[]
  /** For each column its distinct texts; the index of a text is its *value id*. */
  readonly texts: readonly (readonly string[])[]
  /** Value ids, row by row: tuple `t`, column `c` at `t * columns.length + c`. With one column, tuple `t` is text `t`. */
  readonly tuples: Uint32Array
  /** For each tuple the position of the (first) match that it comes from. */
  readonly positions: Uint32Array
}

/** When a row is a person's: an *or* of tuples of column = text. Compiled by a format for each column type it meets. */
export interface Predicate {
  readonly groups: readonly TupleGroup[]
  /** Every column that a match names, and the position of the first match that names it. */
  readonly columns: ReadonlyMap<string, number>
}

/**
 * Turns matches into a predicate: a simple match that names no column is tested on every key column, a composite on
 * the columns it names. Duplicates become one tuple.
 *
 * @throws LetheError `invalid-match` for a simple match without a column where there is no key column, a composite
 *   without a column, or one that names a column twice.
 */
export function bind(matches: Iterable<Match>, keyColumns: readonly string[] = []): Predicate {
  const binding = makeBinding(keyColumns)
  for (const match of matches) binding.add(match)
  return binding.build()
}

/** `bind` for matches that come one by one, so that a million of them are never there as objects at the same time. */
export interface Binding {
  /** Yields the positions of those before that say the same for a column or more, and are what is hit in place of it. */
  add(match: Match): readonly number[]
  build(): Predicate
}

export function makeBinding(keyColumns: readonly string[] = []): Binding {
  const groups = new Map<string, GroupBuilder>()
  return {
    add(match) {
      const owners: number[] = []
      for (const values of alternatives(match, keyColumns)) {
        const columns = values.map((value) => value.column)
        // The same columns in another order are the same group; it shows them as its first match does.
        const key = JSON.stringify(columns.toSorted())
        let group = groups.get(key)
        if (group === undefined) groups.set(key, (group = new GroupBuilder(columns)))
        const owner = group.add(values, match.position)
        if (owner !== match.position) owners.push(owner)
      }
      return owners
    },
    build() {
      const built = [...groups.values()].map((group) => group.build())
      return { groups: built, columns: firstPositions(built) }
    },
  }
}

/** The predicate's shape, with counts and never a value: `first = <1 value> OR (last, born) = <2 tuples>`. */
export function describePredicate({ groups }: Predicate): string {
  return groups.map(describeGroup).join(' OR ')
}

function describeGroup({ columns, positions }: TupleGroup): string {
  const count = positions.length
  if (columns.length === 1) return `${columns[0]} = <${count} value${count === 1 ? '' : 's'}>`
  return `(${columns.join(', ')}) = <${count} tuple${count === 1 ? '' : 's'}>`
}

function alternatives(match: Match, keyColumns: readonly string[]): ColumnValue[][] {
  if (match.kind === 'simple') {
    const columns = match.column === undefined ? keyColumns : [match.column]
    if (columns.length === 0) {
      throw new LetheError('invalid-match', `match ${match.position + 1} names no column and there is no key column`)
    }
    return columns.map((column) => [{ column, value: match.value }])
  }
  const columns = new Set(match.values.map((value) => value.column))
  if (columns.size === 0 || columns.size < match.values.length) {
    throw new LetheError('invalid-match', `match ${match.position + 1} names no column, or one column twice`)
  }
  return [[...match.values]]
}

function firstPositions(groups: readonly TupleGroup[]): Map<string, number> {
  const first = new Map<string, number>()
  for (const { columns, positions } of groups) {
    const position = positions[0]!
    for (const column of columns) first.set(column, Math.min(position, first.get(column) ?? position))
  }
  return first
}

class GroupBuilder {
  readonly #columns: readonly string[]
  readonly #ids: Map<string, number>[]
  readonly #tuples: number[] = []
  readonly #positions: number[] = []
  /** Of several columns: the indexes of tuples by their value ids. */
  readonly #seen = new Map<string, number>()

  constructor(columns: readonly string[]) {
    this.#columns = columns
    this.#ids = columns.map(() => new Map())
  }

  /** Yields the position of the match that said it first. */
  add(values: readonly ColumnValue[], position: number): number {
    const isSingle = values.length === 1
    const known = isSingle ? this.#ids[0]!.get(values[0]!.value) : undefined
    if (known !== undefined) return this.#positions[known]!
    const ids = this.#inOrder(values).map(({ value }, column) => intern(this.#ids[column]!, value))
    if (!isSingle) {
      const key = ids.join()
      const seen = this.#seen.get(key)
      if (seen !== undefined) return this.#positions[seen]!
      this.#seen.set(key, this.#positions.length)
    }
    for (const id of ids) this.#tuples.push(id)
    this.#positions.push(position)
    return position
  }

  #inOrder(values: readonly ColumnValue[]): readonly ColumnValue[] {
    if (values.every(({ column }, index) => column === this.#columns[index])) return values
    return this.#columns.map((name) => values.find(({ column }) => column === name)!)
  }

  build(): TupleGroup {
    return {
      columns: this.#columns,
      texts: this.#ids.map((ids) => [...ids.keys()]),
      tuples: Uint32Array.from(this.#tuples),
      positions: Uint32Array.from(this.#positions),
    }
  }
}

function intern(ids: Map<string, number>, text: string): number {
  const known = ids.get(text)
  if (known !== undefined) return known
  ids.set(text, ids.size)
  return ids.size - 1
}
