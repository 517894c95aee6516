/** What a sealed match belongs to: it opens in its own row alone. */
export function sealedContext({ batchId, ordinal }: { readonly batchId: string; readonly ordinal: number }): string {
  return `${batchId}:${ordinal}`
}
