import { type CalendarDate, isCalendarDate } from '../../domain/deadline.ts'
import { type ColumnValue, hasEdgeSpace } from '../../domain/match.ts'
import { type MatchContent, matchContent } from '../../domain/match-content.ts'
import type { NewMatch } from '../../engine/queue/add-matches.ts'
import { invalidMatch } from '../matches/invalid-match.ts'
import { matchBytes } from '../matches/match-bytes.ts'
import { type MatchLine, matchLines } from '../matches/match-lines.ts'

export interface ReadOptions {
  readonly signal: AbortSignal
  /** For lines that have none of their own. */
  readonly reference?: string | undefined
  readonly receivedOn: CalendarDate
  /** Columns that are no part of the match. */
  readonly referenceColumn?: string | undefined
  readonly receivedColumn?: string | undefined
  readonly today: CalendarDate
  /** Called with the number of each line that has a value with white space at an edge, which is never trimmed. */
  readonly onEdgeSpace: (line: number) => void
}

const maxReference = 200

/**
 * The matches of a file, one by one.
 *
 * @throws LetheError `invalid-match`, with the line's number
 */
export async function* readNewMatches(file: string, options: ReadOptions): AsyncGenerator<NewMatch> {
  for await (const lines of matchLines(matchBytes(file, options))) {
    for (const line of lines) yield newMatch(line, options)
  }
}

function newMatch({ number, namesNumber, values }: MatchLine, options: ReadOptions): NewMatch {
  const { referenceColumn, receivedColumn } = options
  const match = values.filter(({ column }) => column !== referenceColumn && column !== receivedColumn)
  if (match.some(({ value }) => hasEdgeSpace(value))) options.onEdgeSpace(number)
  const reference = textOf(values, referenceColumn, number) ?? options.reference
  requireReference(reference, number)
  return {
    content: contentOf(match, number),
    place: `line ${namesNumber} of the matches`,
    ...(reference === undefined || reference === '' ? {} : { reference }),
    receivedOn: requireReceived(textOf(values, receivedColumn, number) ?? options.receivedOn, number, options.today),
  }
}

/** Only what the matches say, for a look-up. */
export async function readContents(file: string, { signal }: Pick<ReadOptions, 'signal'>): Promise<MatchContent[]> {
  const contents: MatchContent[] = []
  for await (const lines of matchLines(matchBytes(file, { signal }))) {
    for (const { number, values } of lines) contents.push(contentOf(values, number))
  }
  return contents
}

function textOf(values: readonly ColumnValue[], column: string | undefined, line: number): string | undefined {
  if (column === undefined) return undefined
  const found = values.find((each) => each.column === column)
  if (found === undefined) throw invalidMatch(line, 'lacks the column of the reference or of the date')
  return found.value
}

function contentOf(values: readonly ColumnValue[], line: number): MatchContent {
  if (values.length === 0) throw invalidMatch(line, 'names no column of a match')
  const content = matchContent(values)
  if (content === undefined) throw invalidMatch(line, 'has the column *, any key column, beside others')
  return content
}

function requireReference(reference: string | undefined, line: number): void {
  if (reference === undefined || reference.length <= maxReference) return
  throw invalidMatch(line, `has a reference of more than ${maxReference} characters`)
}

function requireReceived(date: string, line: number, today: CalendarDate): CalendarDate {
  if (!isCalendarDate(date)) throw invalidMatch(line, 'has a date of receipt that is no day, YYYY-MM-DD')
  if (date > today) throw invalidMatch(line, 'has a date of receipt that is yet to come')
  return date
}
