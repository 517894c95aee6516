import { chooseColumn } from './column.ts'
import { LetheError } from './error.ts'
import type { ObjectPattern } from './object-pattern.ts'
import type { PartitionColumn } from './partition.ts'
import type { Predicate, TupleGroup } from './predicate.ts'
import { makeTupleLookup, type TupleLookup } from './tuple-lookup.ts'

/**
 * Whose an object is, by its name.
 *
 * - `unnamed`: the pattern does not fit; its rows decide, as in any object.
 * - `whole`: it is of a person looked for, and goes as a whole. `positions` are those of the matches that say so.
 * - `other`: the name tells everything that the matches ask, and it is nobody's of them; it need not be read.
 * - `rows`: it is nobody's by its name, but there are matches with columns that the name does not give: its rows decide,
 *   each of which has the name's columns too.
 */
export type NameVerdict =
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'whole'; readonly positions: readonly number[]; readonly columns: ReadonlySet<string> }
  | { readonly kind: 'other'; readonly columns: ReadonlySet<string> }
  | { readonly kind: 'rows'; readonly nameColumns: readonly PartitionColumn[] }

/**
 * @param name the whole name of an object
 * @param partitions what the folders above it give; the pattern's columns go before those of the same name
 * @throws LetheError `ambiguous-column` where the name can be read in several ways and one of them is a person's
 */
export type ObjectMatch = (name: string, partitions: readonly PartitionColumn[]) => NameVerdict

/** Compiles a pattern for the matches of a run. Values are compared as text, exactly. */
export function makeObjectMatch(pattern: ObjectPattern, { groups, columns }: Predicate): ObjectMatch {
  const lookups = groups.map((group) => new NameLookup(group))
  return (name, partitions) => {
    const readings = pattern.readings(name)
    if (readings?.length === 0) return { kind: 'unnamed' }
    const folders = partitions.filter((partition) => !pattern.columns.includes(partition.name))
    const available = [...pattern.columns, ...folders.map((folder) => folder.name)]
    const places = new Map([...columns.keys()].map((column) => [column, placeOf(column, available)]))
    const told = lookups.filter((lookup) =>
      isTold(
        lookup.columns.map((column) => places.get(column)),
        pattern,
      ),
    )

    const hitsOf = (reading: readonly string[]): number[] => {
      const values = [...reading, ...folders.map((folder) => folder.value)]
      return told.flatMap((lookup) => lookup.positions((column) => values[places.get(column)!] ?? null))
    }
    const isAllTold = told.length === lookups.length
    const [reading, ...others] = readings ?? []
    if (reading === undefined || others.length > 0) {
      // Nobody's in whatever way it is read: only then the way does not matter.
      if (readings === undefined || !isAllTold || readings.some((each) => hitsOf(each).length > 0)) throw unclear()
      return { kind: 'other', columns: known(places) }
    }
    const positions = [...new Set(hitsOf(reading))]
    if (positions.length > 0) return { kind: 'whole', positions, columns: known(places) }
    if (isAllTold) return { kind: 'other', columns: known(places) }
    return { kind: 'rows', nameColumns: pattern.columns.map((column, at) => ({ name: column, value: reading[at]! })) }
  }
}

/** The name gives every column that a match asks for, and the pattern one of them: folders alone are for the rows. */
function isTold(places: readonly (number | undefined)[], { columns }: ObjectPattern): boolean {
  return places.every((place) => place !== undefined) && places.some((place) => place! < columns.length)
}

function placeOf(column: string, available: readonly string[]): number | undefined {
  const choice = chooseColumn(column, available)
  if (choice.kind === 'ambiguous') {
    throw new LetheError('ambiguous-column', 'a match names a column that several parts of the name answer to')
  }
  return choice.kind === 'one' ? choice.index : undefined
}

function known(places: ReadonlyMap<string, number | undefined>): Set<string> {
  return new Set([...places].filter(([, place]) => place !== undefined).map(([column]) => column))
}

function unclear(): LetheError {
  return new LetheError(
    'ambiguous-column',
    'its name fits --object-match in several ways, so that whose it is, is not certain; make the pattern say more',
  )
}

/** From the texts of a group's columns to the matches that they are. */
class NameLookup {
  readonly columns: readonly string[]
  readonly #positions: Uint32Array
  readonly #ids: readonly ReadonlyMap<string, number>[]
  readonly #lookup: TupleLookup

  constructor(group: TupleGroup) {
    this.columns = group.columns
    this.#positions = group.positions
    this.#ids = group.texts.map((texts) => new Map(texts.map((text, id) => [text, id])))
    this.#lookup = makeTupleLookup(group)
  }

  positions(textOf: (column: string) => string | null): number[] {
    const ids = this.columns.map((column, at) => {
      const value = textOf(column)
      const id = value === null ? undefined : this.#ids[at]!.get(value)
      return id === undefined ? [] : [id]
    })
    return this.#lookup(ids).map((tuple) => this.#positions[tuple]!)
  }
}
