/** Marks as characters; an empty string is a mark that the file does not have. */
export interface TextDialect {
  readonly delimiter: string
  readonly quote: string
  readonly escapeMark: string
  readonly newline: 'lf' | 'cr'
}

export interface TextRecord {
  readonly cells: readonly string[]
  /** Where it ends in the text, its line end included. */
  readonly end: number
}

/**
 * The next record of a text, character by character, with all its cells; undefined where the text ends within it.
 * The plain reading that verification checks the fast one against: it shares no code with that.
 *
 * @throws SyntaxError for what is no record.
 */
export function readTextRecord(
  text: string,
  start: number,
  { dialect, isLast }: { readonly dialect: TextDialect; readonly isLast: boolean },
): TextRecord | undefined {
  const { delimiter, quote, escapeMark, newline } = dialect
  const isPlain = (character: string): boolean =>
    character !== quote &&
    character !== escapeMark &&
    (state === 'quoted' || (character !== delimiter && character !== '\r' && character !== '\n'))
  /** A run as one piece: a cell of 64 MB that grew by the character would be as many strings. */
  const endOfRun = (from: number): number => {
    let end = from
    while (end < text.length && isPlain(text[end]!)) end += 1
    return end
  }
  const cells: string[] = []
  let cell = ''
  let state: 'start' | 'bare' | 'quoted' | 'closed' = 'start'
  let at = start
  while (at < text.length) {
    const character = text[at]!
    const next = text[at + 1]
    if (next === undefined && !isLast && (state === 'quoted' || character === '\r' || character === escapeMark))
      return undefined
    if (character === escapeMark && state !== 'closed') {
      const isMark = next !== undefined && [quote, delimiter, escapeMark, '\r', '\n'].includes(next)
      cell += isMark ? next : character + (next ?? '')
      state = state === 'start' ? 'bare' : state
      at += 2
    } else if (state === 'quoted' && character !== quote) {
      const end = endOfRun(at)
      cell += text.slice(at, end)
      at = end
    } else if (state === 'quoted') {
      if (next === quote) cell += quote
      else state = 'closed'
      at += next === quote ? 2 : 1
    } else if (character === quote && state === 'start') {
      state = 'quoted'
      at += 1
    } else if (character === delimiter) {
      cells.push(cell)
      cell = ''
      state = 'start'
      at += 1
    } else if (character === '\r' || character === '\n') {
      const width = lineEndWidth(character, next, newline)
      if (width === 0) throw new SyntaxError('a line end of the other kind')
      return { cells: [...cells, cell], end: at + width }
    } else {
      if (state === 'closed') throw new SyntaxError('text after a closing quote')
      const end = Math.max(at + 1, endOfRun(at))
      cell += text.slice(at, end)
      state = 'bare'
      at = end
    }
  }
  if (!isLast) return undefined
  if (state === 'quoted') throw new SyntaxError('a quote is never closed')
  return { cells: [...cells, cell], end: text.length }
}

function lineEndWidth(character: string, next: string | undefined, newline: 'lf' | 'cr'): 0 | 1 | 2 {
  const isPair = character === '\r' && next === '\n'
  if (newline === 'lf') return isPair ? 2 : character === '\n' ? 1 : 0
  return character === '\r' && !isPair ? 1 : 0
}
