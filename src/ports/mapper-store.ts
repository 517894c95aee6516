import type { DataMapper } from '../domain/data-mapper.ts'

/** A mapper as it is stored. */
export interface StoredMapper {
  readonly mapper: DataMapper
  /** From 1, one more with each change. */
  readonly version: number
  readonly createdAt: Date
  readonly changedAt: Date
  /** The job that holds it; while one does it cannot be changed or deleted. */
  readonly heldBy?: string
}

/** Changes that are made together or not at all. Names must differ. */
export interface MapperChanges {
  readonly put?: readonly DataMapper[]
  readonly delete?: readonly string[]
  /** Who changes them, for the audit. */
  readonly by?: string
}

/**
 * Where data mappers are kept.
 *
 * - `list` yields all, in order of name.
 * - `change` creates, replaces and deletes, all or nothing; what is deleted and not there is no error. It rejects with
 *   `in-use` where a job holds one that would change, or matches of the queue name one that would be deleted. A job that takes its snapshot at the same time sees all of
 *   it or nothing.
 */
export interface MapperStore {
  list(): Promise<readonly StoredMapper[]>
  change(changes: MapperChanges): Promise<void>
}
