/** A number as JSON writes it; it equals every match text that is the same number. */
export interface JsonNumber {
  readonly number: string
}

/** What is said of an object in one column. */
export type ToldValue = string | JsonNumber | null

/** What an object is said to be, in one way to read its name, its tags and its sidecar: columns and their values. */
export type Reading = ReadonlyMap<string, ToldValue>

/** More ways to read an object than this are not told apart. */
export const maxReadings = 1000

/**
 * The ways to read an object of which several sources speak, each in some ways; none where it is silent. Where two give
 * a column different values, either may be right: that is one way more.
 *
 * @returns undefined where there are too many ways to tell.
 */
export function combineReadings(sources: readonly (readonly Reading[] | undefined)[]): readonly Reading[] | undefined {
  let combined: readonly Reading[] = []
  for (const readings of sources) {
    if (readings === undefined || combined.length * readings.length > maxReadings) return undefined
    if (combined.length === 0) combined = readings
    else if (readings.length > 0) combined = combined.flatMap((a) => readings.flatMap((b) => united(a, b)))
  }
  return combined.length > maxReadings ? undefined : combined
}

function united(a: Reading, b: Reading): Reading[] {
  const agree = [...b].every(([column, value]) => !a.has(column) || isSame(a.get(column)!, value))
  const first = new Map([...b, ...a])
  return agree ? [first] : [first, new Map([...a, ...b])]
}

function isSame(a: ToldValue, b: ToldValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
