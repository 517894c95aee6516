import { LetheError } from './error.ts'
import { maxReadings, type Reading } from './object-reading.ts'

/**
 * A pattern for whole names of objects, some parts of which are values of columns: `/lake/clicks/{user_id}.csv`.
 *
 * - `{column}`: one character or more, none of them `/`; the same column again is the same text again.
 * - `*`: any characters but `/`, or none. `**` as a whole part: folders at any depth, or none; at the end, all that is below.
 * - `\` before `{`, `}`, `*` or `\`: that character. Everything else is itself.
 *
 * There are no regular expressions in it: reading takes time in proportion to the name, and nothing is cut by greed.
 */
export interface ObjectPattern {
  /**
   * Every way to read a name: for each column its text. None where the pattern does not fit, several where it does not
   * say where a value ends (`{id}-*.csv` and `a-b-c.csv`): whose object that is, is not certain. Undefined where there
   * are too many to tell.
   */
  readings(name: string): readonly Reading[] | undefined
}

/** @throws LetheError `invalid-argument`, which does not repeat the pattern. */
export function parseObjectPattern(text: string): ObjectPattern {
  const tokens = tokensOf(text)
  if (!tokens.some(({ kind }) => kind === 'column')) throw invalid('names no column, as {user_id} would')
  return { readings: (name) => readings(tokens, name) }
}

/** The pattern that fits this text alone, to put before another. */
export function literalPattern(text: string): string {
  return text.replace(/[{}*\\]/g, '\\$&')
}

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'any' }
  /** Any number of whole folders, each with its `/`. */
  | { readonly kind: 'folders' }
  /** Everything that is left. */
  | { readonly kind: 'rest' }

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = []
  let text = ''
  const add = (token: Token) => {
    if (text !== '') tokens.push({ kind: 'text', text })
    text = ''
    tokens.push(token)
  }
  for (let at = 0; at < pattern.length; ) {
    const [piece] = /^(?:\\.|\{[^{}\\]*\}|\*\*\/|\*+|[^\\{}*])/s.exec(pattern.slice(at)) ?? []
    if (piece === undefined) throw invalid('has a brace or a backslash that stands for nothing')
    const isPart = at === 0 || pattern[at - 1] === '/'
    at += piece.length
    if (piece.startsWith('{')) add({ kind: 'column', name: columnName(piece.slice(1, -1)) })
    else if (piece === '*') add({ kind: 'any' })
    else if (piece === '**/' && isPart) add({ kind: 'folders' })
    else if (piece === '**' && isPart && at === pattern.length) add({ kind: 'rest' })
    else if (piece.startsWith('*')) throw invalid('has ** that is not a whole part between slashes')
    else text += piece.startsWith('\\') ? unescaped(piece) : piece
  }
  if (text !== '') tokens.push({ kind: 'text', text })
  return tokens
}

function columnName(name: string): string {
  if (name === '' || name.includes('/')) throw invalid('has braces without the name of a column')
  return name
}

function unescaped(piece: string): string {
  if (!/[{}*\\]/.test(piece[1]!)) throw invalid('has a backslash before a character that needs none')
  return piece[1]!
}

/** What was read of a name up to `at`. */
interface State {
  readonly at: number
  readonly values: ReadonlyMap<string, string>
}

function readings(tokens: readonly Token[], name: string): Reading[] | undefined {
  const canEnd = reachable(tokens, name)
  let states: State[] = canEnd[0]![0] === 1 ? [{ at: 0, values: new Map() }] : []
  for (const [index, token] of tokens.entries()) {
    const next = new Map<string, State>()
    for (const { at, values } of states) {
      for (const end of endsOf(token, name, at)) {
        if (canEnd[index + 1]![end] !== 1) continue
        const read = withValue(token, values, name.slice(at, end))
        if (read === undefined) continue
        next.set(JSON.stringify([end, ...read.values()]), { at: end, values: read })
        if (next.size > maxReadings) return undefined
      }
    }
    states = [...next.values()]
  }
  return states.map(({ values }) => values)
}

/** Undefined where the column has another text already. */
function withValue(token: Token, values: ReadonlyMap<string, string>, text: string) {
  if (token.kind !== 'column') return values
  const known = values.get(token.name)
  if (known !== undefined) return known === text ? values : undefined
  return new Map([...values, [token.name, text]])
}

/** `reachable[t][at]` is 1 where the tokens from `t` on can be the rest of the name from `at` on. */
function reachable(tokens: readonly Token[], name: string): Uint8Array[] {
  const last = new Uint8Array(name.length + 1)
  last[name.length] = 1
  const table = [last]
  for (const token of tokens.toReversed()) {
    const next = table[0]!
    const row = new Uint8Array(name.length + 1)
    // From the end, so that a longer rest is known before the shorter one that goes on with it.
    for (let at = name.length; at >= 0; at -= 1) row[at] = canBegin(token, name, at, { row, next }) ? 1 : 0
    table.unshift(row)
  }
  return table
}

function canBegin(
  token: Token,
  name: string,
  at: number,
  { row, next }: { readonly row: Uint8Array; readonly next: Uint8Array },
): boolean {
  const isWithinPart = at < name.length && name[at] !== '/'
  switch (token.kind) {
    case 'text':
      return name.startsWith(token.text, at) && next[at + token.text.length] === 1
    case 'column':
      return isWithinPart && (next[at + 1] === 1 || row[at + 1] === 1)
    case 'any':
      return next[at] === 1 || (isWithinPart && row[at + 1] === 1)
    case 'folders': {
      const slash = name.indexOf('/', at)
      return next[at] === 1 || (slash !== -1 && row[slash + 1] === 1)
    }
    case 'rest':
      return next[name.length] === 1
  }
}

/** Where a token that begins at `at` can end. */
function* endsOf(token: Token, name: string, at: number): Generator<number> {
  switch (token.kind) {
    case 'text':
      if (name.startsWith(token.text, at)) yield at + token.text.length
      break
    case 'column':
      for (let end = at + 1; end <= name.length && name[end - 1] !== '/'; end += 1) yield end
      break
    case 'any':
      yield at
      for (let end = at + 1; end <= name.length && name[end - 1] !== '/'; end += 1) yield end
      break
    case 'folders':
      yield at
      for (let end = name.indexOf('/', at) + 1; end > 0; end = name.indexOf('/', end) + 1) yield end
      break
    case 'rest':
      yield name.length
  }
}

function invalid(what: string): LetheError {
  return new LetheError('invalid-argument', `the pattern of --object-match ${what}`)
}
