import type { ColumnValue } from '../../domain/match.ts'

/** What is wrong with a text that should have been a match in JSON, to be put after "line 7 of the matches". */
export interface Problem {
  readonly problem: string
}

const whiteSpace = String.raw`[ \t\r\n]*`
const string = String.raw`"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"`
const number = String.raw`-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?`
const tokenPattern = `${whiteSpace}(${string}|${number}|true|false|null|[{}:,[])${whiteSpace}`

/**
 * Reads a JSON object of texts, numbers and booleans: one `column: value` each. A number stays the text that it is
 * written as, since `JSON.parse` would make 9007199254740992 of 9007199254740993.
 */
export function readFlatObject(text: string): readonly ColumnValue[] | Problem {
  const token = new RegExp(tokenPattern, 'y')
  const next = () => token.exec(text)?.[1]
  const notAnObject = { problem: 'is no JSON object' }
  if (next() !== '{') return notAnObject

  const values: ColumnValue[] = []
  for (let opener = next(); ; opener = next()) {
    if (opener === '}' && values.length === 0) break
    if (opener === undefined || !opener.startsWith('"') || next() !== ':') return notAnObject
    const value = next()
    if (value === undefined || value === '}' || value === ',' || value === ':') return notAnObject
    if (value === 'null' || value === '[' || value === '{') {
      return { problem: 'has a null, an array or an object as a value; a match is text, a number, true or false' }
    }
    values.push({ column: decodeString(opener), value: value.startsWith('"') ? decodeString(value) : value })
    const separator = next()
    if (separator === '}') break
    if (separator !== ',') return notAnObject
  }
  if (token.lastIndex !== text.length) return notAnObject
  if (values.length === 0) return { problem: 'names no column' }
  const names = new Set(values.map(({ column }) => column))
  if (names.size < values.length) return { problem: 'names a column twice' }
  return values
}

/** The text of a string token, which the pattern has found to be one. */
function decodeString(token: string): string {
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
}
