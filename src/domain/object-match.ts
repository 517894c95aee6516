import { chooseColumn } from './column.ts'
import { LetheError } from './error.ts'
import { numberKeyOfJson, numberKeyOfText } from './number-text.ts'
import type { JsonNumber, Reading, ToldValue } from './object-reading.ts'
import type { PartitionColumn } from './partition.ts'
import type { Predicate, TupleGroup } from './predicate.ts'
import { type TupleLookup, tupleLookupOf } from './tuple-lookup.ts'

/**
 * Whose an object is, by what is said of it as a whole: its name, tags, sidecar.
 *
 * - `unnamed`: nothing is said of it; its rows decide, as in any object.
 * - `whole`: it is of a person looked for, and goes as a whole. `positions` are those of the matches that say so.
 * - `other`: all that the matches ask is said, and it is nobody's of them; it need not be read.
 * - `rows`: it is nobody's by what is said, but there are matches with columns of which nothing is said: its rows decide,
 *   each of which has the columns that are told, too.
 */
export type ObjectVerdict =
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'whole'; readonly positions: readonly number[]; readonly columns: ReadonlySet<string> }
  | { readonly kind: 'other'; readonly columns: ReadonlySet<string> }
  | { readonly kind: 'rows'; readonly columns: ReadonlySet<string>; readonly toldColumns: readonly PartitionColumn[] }

/**
 * @param readings every way to read what is said of an object; undefined where there are too many
 * @param partitions what the folders above it give; what is said of the object goes before a folder of the same name
 * @throws LetheError `ambiguous-column` where there are several ways and one of them is a person's
 */
export type ObjectMatch = (
  readings: readonly Reading[] | undefined,
  partitions: readonly PartitionColumn[],
) => ObjectVerdict

/** Compiles the matches of a run for whole objects. Texts are compared exactly, numbers of a sidecar as numbers. */
export function makeObjectMatch(predicate: Predicate): ObjectMatch {
  const lookups = predicate.groups.map((group) => new ObjectLookup(group))
  return (readings, partitions) => {
    if (readings?.length === 0) return { kind: 'unnamed' }
    const verdicts = readings?.map((reading) => judge(reading, { partitions, predicate, lookups }))
    const [verdict, ...others] = verdicts ?? []
    if (verdict === undefined) throw unclear()
    // Nobody's in whatever way it is read: only then the way does not matter.
    if (others.length > 0 && !verdicts!.every(({ kind }) => kind === 'other')) throw unclear()
    return verdict
  }
}

function judge(
  reading: Reading,
  {
    partitions,
    predicate,
    lookups,
  }: {
    readonly partitions: readonly PartitionColumn[]
    readonly predicate: Predicate
    readonly lookups: readonly ObjectLookup[]
  },
): ObjectVerdict {
  const folders = partitions.filter(({ name }) => !reading.has(name))
  const available = [...reading.keys(), ...folders.map(({ name }) => name)]
  const values = [...reading.values(), ...folders.map(({ value }) => value)]
  const places = new Map([...predicate.columns.keys()].map((column) => [column, placeOf(column, available)]))
  const columns = new Set([...places].filter(([, place]) => place !== undefined).map(([column]) => column))

  // All that a match asks is said, and a part of it of the object itself: folders alone are for the rows.
  const isTold = (lookup: ObjectLookup) =>
    lookup.columns.every((column) => columns.has(column)) &&
    lookup.columns.some((column) => places.get(column)! < reading.size)
  const told = lookups.filter(isTold)
  const hits = told.flatMap((lookup) => lookup.positions((column) => values[places.get(column)!] ?? null))
  if (hits.length > 0) return { kind: 'whole', positions: [...new Set(hits)], columns }
  if (told.length === lookups.length) return { kind: 'other', columns }

  const asked = [...places].filter(([, place]) => place !== undefined && place < reading.size)
  const toldColumns = asked.map(([column, place]) => ({
    name: available[place!]!,
    value: textOf(values[place!]!, { column, lookups }),
  }))
  return { kind: 'rows', columns, toldColumns }
}

function placeOf(column: string, available: readonly string[]): number | undefined {
  const choice = chooseColumn(column, available)
  if (choice.kind === 'ambiguous') {
    throw new LetheError('ambiguous-column', 'a match names a column that several things said of the object answer to')
  }
  return choice.kind === 'one' ? choice.index : undefined
}

/** As a column of rows, where only texts are compared: a number becomes the match text that it equals. */
function textOf(
  value: ToldValue,
  { column, lookups }: { readonly column: string; readonly lookups: readonly ObjectLookup[] },
): string | null {
  if (value === null || typeof value === 'string') return value
  const [text = value.number, ...others] = new Set(lookups.flatMap((lookup) => lookup.textsEqual(column, value)))
  if (others.length > 0) throw new LetheError('ambiguous-column', 'several texts of the matches are the same number')
  return text
}

function unclear(): LetheError {
  return new LetheError(
    'ambiguous-column',
    'what its name, tags and sidecar say can be read in several ways, so that whose it is, is not certain',
  )
}

/** From the values of a group's columns to the matches that they are. */
class ObjectLookup {
  readonly columns: readonly string[]
  readonly #group: TupleGroup
  readonly #ids: readonly ReadonlyMap<string, number>[]
  readonly #lookup: TupleLookup
  /** For each column from number keys to value ids; made when the first number is met. */
  #numbers: readonly ReadonlyMap<string, readonly number[]>[] | undefined

  constructor(group: TupleGroup) {
    this.columns = group.columns
    this.#group = group
    this.#ids = group.texts.map((texts) => new Map(texts.map((text, id) => [text, id])))
    this.#lookup = tupleLookupOf(group)
  }

  positions(toldOf: (column: string) => ToldValue): number[] {
    const ids = this.columns.map((column, at) => this.#idsOf(at, toldOf(column)))
    return this.#lookup.ofSeveral(ids).map((tuple) => this.#group.positions[tuple]!)
  }

  textsEqual(column: string, value: JsonNumber): string[] {
    const at = this.columns.indexOf(column)
    return at === -1 ? [] : this.#idsOf(at, value).map((id) => this.#group.texts[at]![id]!)
  }

  #idsOf(at: number, value: ToldValue): readonly number[] {
    if (value === null) return []
    if (typeof value !== 'string') return this.#idsOfNumber(at, value)
    const id = this.#ids[at]!.get(value)
    return id === undefined ? [] : [id]
  }

  #idsOfNumber(at: number, { number }: JsonNumber): readonly number[] {
    const key = numberKeyOfJson(number)
    this.#numbers ??= this.#group.texts.map(idsByNumber)
    return key === undefined ? [] : (this.#numbers[at]!.get(key) ?? [])
  }
}

function idsByNumber(texts: readonly string[]): Map<string, number[]> {
  const byNumber = new Map<string, number[]>()
  for (const [id, text] of texts.entries()) {
    const key = numberKeyOfText(text)
    if (key === undefined) continue
    const known = byNumber.get(key)
    if (known === undefined) byNumber.set(key, [id])
    else known.push(id)
  }
  return byNumber
}
