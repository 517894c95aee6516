import type { FuseWarning } from '../domain/fuse.ts'
import type { Warning, WarningCode } from '../domain/warning.ts'
import type { Matches } from './matches/read-matches.ts'
import { counted, grouped } from './printable.ts'

const words: Readonly<Record<WarningCode, (count: number) => string>> = {
  'array-at-key': (count) =>
    `${counted(count, 'row')} with an array or object where a match looks for a value; it matches nothing`,
  'malformed-kept': (count) => `${counted(count, 'broken row')} kept byte for byte, though one may be the person's`,
  'value-not-of-type': (count) => `${counted(count, 'match', 'matches')} that cannot be a value of the column's type`,
  'old-versions-kept': (count) => `the rows are still in ${counted(count, 'old version')}, which were kept: not gone`,
  'unfinished-uploads': (count) =>
    `${counted(count, 'unfinished upload')} of somebody else under this name, which may hold rows; left alone`,
  'name-still-tells': (count) =>
    `the object's name, or a folder's, tells a value that ${counted(count, 'row')} matched by; names are not changed`,
}

export function warningWords({ code, count }: Warning): string {
  return words[code](count)
}

/** A match that looks like a stand-in for "no value": the caller should look again before anything is erased. */
export function fuseWords({ position, of, hit, seen }: FuseWarning, { placeOf }: Pick<Matches, 'placeOf'>): string {
  const share = ((100 * hit) / seen).toFixed(1)
  const what = of === 'rows' ? 'rows' : 'objects as a whole'
  return `${placeOf(position)} hits ${grouped(hit)} of ${grouped(seen)} ${what} (${share} %): is it a person, or what stands where a value is missing?`
}

/** Values with white space at an edge, by where they were given; one sentence each. */
export function edgeSpaceWords({ edgeSpaces, edgeSpaceCount }: Pick<Matches, 'edgeSpaces' | 'edgeSpaceCount'>) {
  const sentences = edgeSpaces.map((place) => `${place}: a value begins or ends with white space, which is not trimmed`)
  const more = edgeSpaceCount - edgeSpaces.length
  return more > 0 ? [...sentences, `${grouped(more)} more of these`] : sentences
}
