import type { ColumnValue, Match } from './match.ts'

/** What a match of the queue says: a value for the key columns of every mapper, or columns and their values. */
export type MatchContent =
  | { readonly kind: 'simple'; readonly value: string }
  | { readonly kind: 'columns'; readonly values: readonly ColumnValue[] }

/** Stands for the key columns of a mapper where a match names a column. */
const anyKeyColumn = '*'

/**
 * What columns and values say; a lone `*` is the key columns of each mapper.
 *
 * @returns undefined where `*` is one of several: what that would mean nobody can know
 */
export function matchContent(values: readonly ColumnValue[]): MatchContent | undefined {
  const [first] = values
  if (values.length === 1 && first!.column === anyKeyColumn) return { kind: 'simple', value: first!.value }
  if (values.some(({ column }) => column === anyKeyColumn)) return undefined
  return { kind: 'columns', values }
}

/** One text for each content: the order of columns does not matter. `readMatchContent` is its inverse. */
export function printMatchContent(content: MatchContent): string {
  if (content.kind === 'simple') return JSON.stringify([content.value])
  const sorted = [...content.values].sort((a, b) => (a.column < b.column ? -1 : a.column > b.column ? 1 : 0))
  return JSON.stringify(sorted.map(({ column, value }) => [column, value]))
}

export function readMatchContent(text: string): MatchContent {
  const read = JSON.parse(text) as [string] | [string, string][]
  const [first] = read
  if (typeof first === 'string') return { kind: 'simple', value: first }
  const values = (read as [string, string][]).map(([column, value]) => ({ column, value }))
  return { kind: 'columns', values }
}

/** The match as a predicate is bound from. */
export function toMatch(content: MatchContent, position: number): Match {
  if (content.kind === 'simple') return { kind: 'simple', value: content.value, position }
  return { kind: 'composite', values: content.values, position }
}

/** Names of the columns that it says; none for the key columns of a mapper. */
export function columnsOfContent(content: MatchContent): readonly string[] {
  return content.kind === 'simple' ? [] : content.values.map(({ column }) => column)
}
