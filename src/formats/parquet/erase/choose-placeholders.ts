import { ByteSet } from '../find/byte-set.ts'
import type { LeafColumn } from '../schema.ts'
import { viewOf } from '../view-of.ts'
import type { ChunkDictionary } from './chunk-dictionary.ts'
import { placeholderSeries } from './placeholder.ts'
import { comparableBytes } from './tells-value.ts'

/**
 * Values to put in the place of dictionary entries that no row uses any more: one for each, distinct from one another
 * and from every entry that the dictionary has or had, and from what else was erased (in comparable form). Arrow merges equal entries when it reads a dictionary as such,
 * and then every later index means another value.
 *
 * Undefined where the type has not so many unused values.
 */
export function choosePlaceholders(
  dictionary: Pick<ChunkDictionary, 'entry' | 'entriesIn'>,
  { column, entries, erased }: { column: LeafColumn; entries: readonly number[]; erased: Pick<ByteSet, 'find'> },
): ReadonlyMap<number, Uint8Array> | undefined {
  const series = placeholderSeries(column)
  const comparable = comparableBytes(column)
  const chosen = new Map<number, Uint8Array>()
  let missing = [...entries]
  let n = 0
  // Entries may be the very numbers that the series begins with: ever more candidates keep the rounds few.
  for (let perEntry = 1; missing.length > 0; perEntry *= 4) {
    const candidates = missing.map((entry) => {
      const { length } = dictionary.entry(entry)
      return Array.from({ length: perEntry }, () => series(n++, length)).filter((bytes) => bytes !== undefined)
    })
    if (candidates.some((row) => row.length === 0)) return undefined
    const taken = takenAmong(candidates.flat(), { dictionary, comparable })
    const isFree = (bytes: Uint8Array): boolean => !has(taken, bytes) && !has(erased, bytes)
    for (const [index, entry] of missing.entries()) {
      const free = candidates[index]!.find((bytes) => isFree(comparable(bytes)))
      if (free !== undefined) chosen.set(entry, free)
    }
    missing = missing.filter((entry) => !chosen.has(entry))
  }
  return chosen
}

interface Among {
  readonly dictionary: Pick<ChunkDictionary, 'entry' | 'entriesIn'>
  /** Equal values have equal bytes in this form. */
  readonly comparable: (bytes: Uint8Array) => Uint8Array
}

function takenAmong(candidates: readonly Uint8Array[], { dictionary, comparable }: Among): ByteSet {
  const wanted = new ByteSet()
  for (const bytes of candidates) wanted.add(comparable(bytes))
  const taken = new ByteSet()
  for (const index of dictionary.entriesIn(wanted)) taken.add(comparable(dictionary.entry(index)))
  return taken
}

function has(set: Pick<ByteSet, 'find'>, bytes: Uint8Array): boolean {
  return set.find(viewOf(bytes), 0, bytes.length) !== -1
}
