import type { TupleGroup } from '../../domain/predicate.ts'
import { type TupleLookup, tupleLookupOf } from '../../domain/tuple-lookup.ts'
import type { Warning } from '../../domain/warning.ts'
import type { Search } from '../format.ts'
import { type ColumnPlace, resolveColumns, type Selection } from './columns.ts'
import { unsupported } from './refusal.ts'
import { compileRow, type Slot } from './row-program.ts'
import { RowReader } from './row-reader.ts'
import type { AvroType } from './schema.ts'
import { matcherOf, type ValueMatcher } from './value-matcher.ts'

/** A predicate compiled for the rows of one schema. */
export interface RowSearch {
  /** Those of the predicate's columns that the object has. */
  readonly columns: ReadonlySet<string>
  readonly warnings: readonly Warning[]
  /** Every row takes no byte, so that all rows are alike. */
  readonly isEmptyRow: boolean
  /**
   * Reads one row at `start`; yields where it ends. Afterwards `hits` says what it matches, until the next call.
   * @throws LetheError `malformed`
   */
  read(bytes: Uint8Array, start: number): number
  readonly hits: RowHits
}

export interface RowHits {
  /** Positions of the matches that hit the row, each once. */
  readonly positions: readonly number[]
  /** One of them hit through a partition folder, whose name stays. */
  readonly isByFolder: boolean
}

const noHits: RowHits = { positions: [], isByFolder: false }

/** @throws LetheError `ambiguous-column`, `unsupported-key`, `unsupported` (rows that are arrays or maps) */
export function makeRowSearch(
  row: AvroType,
  { predicate, partitions }: Pick<Search, 'predicate' | 'partitions'>,
): RowSearch {
  requireRow(row)
  const { root, places } = resolveColumns(row, { columns: predicate.columns, partitions })
  const program = compileRow(row, root)
  const groups = predicate.groups.flatMap((group) => liveGroup(group, places))
  const probes = program.slots.map((slot) => groups.flatMap((group) => group.probesOf(slot)))
  const always = hitsOf(groups.filter((group) => group.isConstant))
  const rest = groups.filter((group) => !group.isConstant)
  const reader = new RowReader(program, (slot, bytes, start, end) => {
    for (const probe of probes[slot]!) probe(bytes, start, end)
  })
  let hits = always
  return {
    columns: new Set([...places].filter(([, place]) => place.kind !== 'none').map(([column]) => column)),
    warnings: warningsOf(groups),
    isEmptyRow: program.isEmpty,
    read(bytes, start) {
      for (const group of rest) group.clear()
      const end = reader.read(bytes, start)
      hits = rest.some((group) => group.isTouched) ? merge(always, hitsOf(rest)) : always
      return end
    },
    get hits() {
      return hits
    },
  }
}

function requireRow(row: AvroType): void {
  const branches = row.kind === 'union' ? row.branches : [row]
  // Its items may be a person's records; nothing smaller than the row could be erased.
  if (branches.some(({ kind }) => kind === 'array' || kind === 'map')) throw unsupported('rows that are arrays or maps')
}

function liveGroup(group: TupleGroup, places: ReadonlyMap<string, ColumnPlace>): GroupSearch[] {
  const columns = group.columns.map((column) => places.get(column)!)
  const canMatch = columns.every(
    (place) => place.kind === 'field' || (place.kind === 'partition' && place.value !== null),
  )
  return canMatch ? [new GroupSearch(group, columns)] : []
}

/** What the values of one row equal, column by column, of one group of tuples. */
class GroupSearch {
  readonly #group: TupleGroup
  readonly #columns: readonly ColumnPlace[]
  readonly #lookup: TupleLookup
  /** Value ids of the row's values. Those of partition folders are the same for every row. */
  readonly #ids: number[][]
  readonly #matchers = new Map<Slot, ValueMatcher>()
  /** A value of the row equals a text. */
  isTouched = false

  constructor(group: TupleGroup, columns: readonly ColumnPlace[]) {
    this.#group = group
    this.#columns = columns
    this.#lookup = tupleLookupOf(group)
    this.#ids = columns.map((place, column) =>
      place.kind === 'partition' ? idsEqual(group.texts[column]!, place.value) : [],
    )
  }

  get isConstant(): boolean {
    return this.#columns.every((place) => place.kind === 'partition')
  }

  get isByFolder(): boolean {
    return this.#columns.some((place) => place.kind === 'partition')
  }

  /** What to do with a value that the reader takes: one probe for each of the group's columns that it belongs to. */
  probesOf(slot: Slot): ((bytes: Uint8Array, start: number, end: number) => void)[] {
    return this.#columns.flatMap((place, column) => {
      if (place.kind !== 'field' || place.selection !== slot.selection) return []
      const matcher = compiledMatcher(this.#group, column, slot.type)
      this.#matchers.set(slot, matcher)
      const ids = this.#ids[column]!
      return [
        (bytes: Uint8Array, start: number, end: number) => {
          const equal = matcher.match(bytes, start, end)
          if (equal.length === 0) return
          this.isTouched = true
          // An array may hold one value many times over.
          for (const id of equal) if (!ids.includes(id)) ids.push(id)
        },
      ]
    })
  }

  positions(): number[] {
    return this.#lookup.ofSeveral(this.#ids).map((tuple) => this.#group.positions[tuple]!)
  }

  clear(): void {
    if (!this.isTouched) return
    this.isTouched = false
    this.#columns.forEach((place, column) => {
      if (place.kind === 'field') this.#ids[column]!.length = 0
    })
  }

  /** How many texts no value of the column can equal, whichever of its types it has; null has no value at all. */
  impossibleTexts(): number {
    return this.#columns.reduce((sum, place, column) => {
      if (place.kind !== 'field') return sum
      const matchers = matchersOfColumn(this.#matchers, place.selection)
      if (matchers.length === 0) return sum
      const impossible = this.#group.texts[column]!.filter(
        (_, id) => !matchers.some(({ isPossible }) => isPossible[id]),
      )
      return sum + impossible.length
    }, 0)
  }
}

/** Files of one data set share their types, and a predicate may hold a million texts: each is compiled once for a type. */
const compiled = new WeakMap<TupleGroup, Map<string, ValueMatcher>>()

function compiledMatcher(group: TupleGroup, column: number, type: AvroType): ValueMatcher {
  const known = compiled.get(group) ?? new Map<string, ValueMatcher>()
  compiled.set(group, known)
  const key = `${column} ${typeKey(type)}`
  const matcher = known.get(key) ?? matcherOf(type, group.texts[column]!)
  known.set(key, matcher)
  return matcher
}

function typeKey(type: AvroType): string {
  const logical = 'logical' in type ? type.logical : undefined
  const symbols = type.kind === 'enum' ? type.symbols : []
  const attributes = [type.kind, symbols, ...Object.entries(logical ?? {})]
  return JSON.stringify(attributes, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
}

function matchersOfColumn(matchers: ReadonlyMap<Slot, ValueMatcher>, selection: Selection): ValueMatcher[] {
  return [...matchers].filter(([slot]) => slot.selection === selection).map(([, matcher]) => matcher)
}

function idsEqual(texts: readonly string[], value: string | null): number[] {
  const id = value === null ? -1 : texts.indexOf(value)
  return id === -1 ? [] : [id]
}

function hitsOf(groups: readonly GroupSearch[]): RowHits {
  return groups.reduce<RowHits>((hits, group) => {
    const positions = group.positions()
    return positions.length === 0 ? hits : merge(hits, { positions, isByFolder: group.isByFolder })
  }, noHits)
}

function merge(a: RowHits, b: RowHits): RowHits {
  if (a.positions.length === 0) return b.positions.length > 1 ? { ...b, positions: [...new Set(b.positions)] } : b
  if (b.positions.length === 0) return a
  return { positions: [...new Set([...a.positions, ...b.positions])], isByFolder: a.isByFolder || b.isByFolder }
}

function warningsOf(groups: readonly GroupSearch[]): Warning[] {
  const count = groups.reduce((sum, group) => sum + group.impossibleTexts(), 0)
  return count === 0 ? [] : [{ code: 'value-not-of-type', count }]
}
