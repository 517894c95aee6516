/** What was asked of a store over a network, for the bill: requests by their name, attempts each, and bytes. */
export interface Transfers {
  readonly requests: Readonly<Record<string, number>>
  readonly downloaded: number
  readonly uploaded: number
  /** Copied by the store itself, from one of its objects to another. */
  readonly copied: number
}
