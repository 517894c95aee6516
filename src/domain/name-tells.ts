import type { Predicate } from './predicate.ts'
import type { Warning } from './warning.ts'

/**
 * A warning when a text that hit rows of an object also stands in a name that stays, as a whole word: of the object, of
 * a folder above it, of a file that a compression remembers. Erasing the rows leaves that name, and the name still tells.
 */
export function nameStillTells(
  name: string,
  { predicate, hits }: { predicate: Predicate; hits: ReadonlyMap<number, number> },
): Warning | undefined {
  if (hits.size === 0) return undefined
  let rows = 0
  for (const { columns, texts, tuples, positions } of predicate.groups) {
    for (let tuple = 0; tuple < positions.length; tuple += 1) {
      const hit = hits.get(positions[tuple]!)
      if (hit === undefined) continue
      const tells = columns.some((_, column) =>
        hasWord(name, texts[column]![tuples[tuple * columns.length + column]!]!),
      )
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
