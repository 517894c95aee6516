/** Which of an object's columns a match means. */
export type ColumnChoice =
  | { readonly kind: 'one'; readonly index: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' }

/**
 * The exact name; only where no such column exists, the one that differs in case alone. Several of either are
 * ambiguous: no guess destroys data.
 */
export function chooseColumn(name: string, available: readonly string[]): ColumnChoice {
  const exact = choose(available, (column) => column === name)
  if (exact.kind !== 'none') return exact
  const folded = name.toLowerCase()
  return choose(available, (column) => column.toLowerCase() === folded)
}

function choose(available: readonly string[], isMeant: (column: string) => boolean): ColumnChoice {
  const index = available.findIndex(isMeant)
  if (index === -1) return { kind: 'none' }
  return available.findLastIndex(isMeant) === index ? { kind: 'one', index } : { kind: 'ambiguous' }
}
