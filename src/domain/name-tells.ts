import { percentDecoded } from './partition.ts'
import type { Predicate } from './predicate.ts'
import type { Warning } from './warning.ts'

/**
 * A warning when a text that hit rows of an object also stands in a name that stays, as a whole word, percent-encoded
 * or not: of the object, of a folder above it, of a file that a compression remembers. Erasing the rows leaves that
 * name, and the name still tells. A row that two such matches hit is counted twice.
 *
 * @param names paths with `/` between their parts.
 */
export function nameStillTells(
  names: readonly string[],
  { predicate, hits }: { readonly predicate: Predicate; readonly hits: ReadonlyMap<number, number> },
): Warning | undefined {
  if (hits.size === 0) return undefined
  const spellings = [...new Set(names.flatMap((name) => [name, decoded(name)]))]
  const telling = new Set<number>()
  for (const { columns, texts, tuples, positions } of predicate.groups) {
    for (let tuple = 0; tuple < positions.length; tuple += 1) {
      const position = positions[tuple]!
      if (!hits.has(position)) continue
      const values = columns.map((_, column) => texts[column]![tuples[tuple * columns.length + column]!]!)
      if (values.some((value) => spellings.some((name) => hasWord(name, value)))) telling.add(position)
    }
  }
  let rows = 0
  for (const position of telling) rows += hits.get(position)!
  return rows === 0 ? undefined : { code: 'name-still-tells', count: rows }
}

function decoded(path: string): string {
  return path.split('/').map(percentDecoded).join('/')
}

function hasWord(name: string, text: string): boolean {
  if (text === '') return false
  for (let at = name.indexOf(text); at !== -1; at = name.indexOf(text, at + 1)) {
    if (!isWordCharacter(name[at - 1]) && !isWordCharacter(name[at + text.length])) return true
  }
  return false
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}
