import { sql } from 'kysely'
import type { State } from '../../src/adapters/state/postgres/open-state.ts'

type LeasedTable = 'jobs' | 'tasks' | 'object_claims'

/** As if more than a lease had passed: a test does not wait for a minute. */
export async function expireLeases(
  db: State['db'],
  tables: readonly LeasedTable[] = ['jobs', 'tasks', 'object_claims'],
): Promise<void> {
  const over = sql`now() - interval '1 second'`
  for (const table of tables) {
    await sql`UPDATE ${sql.table(table)} SET leased_until = ${over} WHERE leased_until IS NOT NULL`.execute(db)
  }
}
