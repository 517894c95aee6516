import type { Json } from './canonical-json.ts'
import type { Transfers } from './transfers.ts'
import type { Warning } from './warning.ts'

/** Evidence for one object, or for old versions of one that went later. Times are ISO 8601, of the database's clock. */
export interface Receipt {
  readonly job: string
  readonly mapper: string
  readonly store: string
  readonly uri: string
  /** `edit`: rows went; `remove`: the whole object; `old-version`: one that was not current; `old-versions`: later. */
  readonly action: 'edit' | 'remove' | 'old-version' | 'old-versions'
  readonly outcome: 'erased' | 'unchanged' | 'refused' | 'failed'
  readonly reason: { readonly code: string; readonly message: string } | null
  /** The store's tokens and ids of the version that held the rows, and of the one that Lethe wrote. */
  readonly before: { readonly token: string; readonly versionId: string | null } | null
  readonly after: { readonly token: string; readonly versionId: string | null } | null
  readonly rows: { readonly before: number; readonly erased: number; readonly kept: number } | null
  /** What was looked at before the word was said. */
  readonly checked: readonly (
    | 'edit-verified'
    | 'written-version-read-back'
    | 'found-nothing-again'
    | 'scope-searched-again'
  )[]
  /** Of a store over a network: what the worker asked that ended the work on the object. */
  readonly transfers: Transfers | null
  readonly warnings: readonly Warning[]
  /** A worker died on the way and another one went on: what the first wrote was told by looking. */
  readonly resumed: boolean
  readonly erasedAt: string | null
  /** When no old version held the rows any more; null where some are kept. */
  readonly goneAt: string | null
  /** Where old versions are kept for some time: when they go. */
  readonly goneAfter: string | null
}

/** A receipt in its chain: each holds the hash of the one before, so that none can be changed, left out or put in. */
export interface ChainedReceipt {
  readonly position: number
  readonly body: Receipt
  readonly previousHash: string
  readonly hash: string
}

/** What the first receipt of a job has for the hash of the one before. */
export const chainStart = '0'.repeat(64)

/** What a receipt's hash is made of, with the hash before it. */
export function linkOf({ body, previousHash }: Pick<ChainedReceipt, 'body' | 'previousHash'>): Json {
  return { previous: previousHash, receipt: body as unknown as Json }
}
