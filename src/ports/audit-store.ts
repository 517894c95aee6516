/** Something that a person did, or that was done for good. */
export interface AuditEvent {
  readonly id: number
  readonly at: Date
  readonly kind: string
  readonly jobId: string | null
  /** Names, ids and counts; never a value of a match. `by` says who. */
  readonly detail: Readonly<Record<string, unknown>>
}

/**
 * Who changed what: data mappers, the queue, keys, decisions about jobs. Each is written in the transaction of what it tells
 * of, and none is ever changed or removed.
 */
export interface AuditStore {
  /** In order of id, from `after` on. */
  list(options: { readonly after: number; readonly limit: number }): Promise<readonly AuditEvent[]>
}
