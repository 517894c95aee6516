import { type Kysely, sql } from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Has the database look at tables that have just grown. What it knew of them, and what it decided by that and keeps (a
 * foreign key's check of a table of three rows reads all of it), may cost a job the square of its size: a server looks by
 * itself some minutes later, the embedded database never.
 */
export async function lookAt(db: Kysely<Tables>, tables: readonly (keyof Tables)[]): Promise<void> {
  // For speed alone: whatever was to be done is done without it.
  await sql`ANALYZE ${sql.join(tables.map((table) => sql.table(table)))}`.execute(db).catch(() => undefined)
}
