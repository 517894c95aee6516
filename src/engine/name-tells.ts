import type { Predicate } from '../domain/predicate.ts'
import type { Warning } from '../domain/warning.ts'

/**
 * A warning when a text that hit rows of an object also stands in the name of the object or of a folder above it, as a
 * whole word: erasing the rows leaves that name, and the name still tells.
 */
export function nameStillTells(
  uri: string,
  { predicate, hits }: { predicate: Predicate; hits: ReadonlyMap<number, number> },
): Warning | undefined {
  if (hits.size === 0) return undefined
  let rows = 0
  for (const { columns, texts, tuples, positions } of predicate.groups) {
    for (let tuple = 0; tuple < positions.length; tuple += 1) {
      const hit = hits.get(positions[tuple]!)
      if (hit === undefined) continue
      const tells = columns.some((_, column) => hasWord(uri, texts[column]![tuples[tuple * columns.length + column]!]!))
      if (tells) rows += hit
    }
  }
  return rows === 0 ? undefined : { code: 'name-still-tells', count: rows }
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
