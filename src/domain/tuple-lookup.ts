import type { TupleGroup } from './predicate.ts'

/**
 * From the value ids that a row's columns equal to the tuples that the row matches.
 *
 * `ids[c]` holds the ids of the group's texts that column `c` equals in the row. Mostly none or one; more where several
 * texts are the same number (`42` and `42.0`), or where a JSON line has the key twice. A line can hold very many: the
 * cost is bounded by the number of tuples.
 */
export type TupleLookup = (ids: readonly (readonly number[])[]) => readonly number[]

export function makeTupleLookup(group: TupleGroup): TupleLookup {
  // With one column, tuple t is text t: see TupleGroup.
  if (group.columns.length === 1) return (ids) => ids[0]!
  const width = group.columns.length
  const byIds = new Map<string, number>()
  for (let tuple = 0; tuple < group.positions.length; tuple += 1) {
    byIds.set(group.tuples.subarray(tuple * width, (tuple + 1) * width).join(), tuple)
  }
  return (ids) => {
    const mixtures = ids.reduce((product, choices) => product * choices.length, 1)
    if (mixtures > group.positions.length) return tuplesAmong(group, ids)
    const found: number[] = []
    for (const combination of combinations(ids)) {
      const tuple = byIds.get(combination)
      if (tuple !== undefined) found.push(tuple)
    }
    return found
  }
}

function tuplesAmong({ columns, tuples, positions }: TupleGroup, ids: readonly (readonly number[])[]): number[] {
  const choices = ids.map((list) => new Set(list))
  const found: number[] = []
  for (let tuple = 0; tuple < positions.length; tuple += 1) {
    if (columns.every((_, column) => choices[column]!.has(tuples[tuple * columns.length + column]!))) found.push(tuple)
  }
  return found
}

function combinations(ids: readonly (readonly number[])[]): string[] {
  return ids.reduce<string[]>(
    (prefixes, choices) =>
      prefixes.flatMap((prefix) => choices.map((id) => (prefix === '' ? `${id}` : `${prefix},${id}`))),
    [''],
  )
}
