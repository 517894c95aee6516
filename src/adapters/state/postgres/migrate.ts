import { readdir, readFile } from 'node:fs/promises'
import { type Kysely, sql } from 'kysely'
import { LetheError } from '../../../domain/error.ts'
import type { Tables } from './tables.ts'

/** Beside this file in `src/` as in the build. */
const folder = new URL('./migrations/', import.meta.url)

/** A number of our own for the advisory lock, so that programs which start at once migrate one after another. */
const lockId = 4_711_001

interface Migration {
  readonly number: number
  readonly file: string
}

/**
 * Applies the numbered SQL files that the database has not seen, each once, all in one transaction.
 *
 * @throws LetheError `state-newer` where the database has one that this program does not know
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const known = await listMigrations()
  await db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${lockId})`.execute(transaction)
    await sql`CREATE TABLE IF NOT EXISTS migrations (
      number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`.execute(transaction)
    const { rows } = await sql<{ number: number }>`SELECT number FROM migrations`.execute(transaction)
    const applied = new Set(rows.map(({ number }) => number))
    if ([...applied].some((number) => !known.some((migration) => migration.number === number))) {
      throw new LetheError('state-newer', 'the state was made by a newer version of lethe; use that version')
    }
    for (const { number, file } of known.filter((migration) => !applied.has(migration.number))) {
      for (const statement of statementsOf(await readFile(new URL(file, folder), 'utf8'))) {
        await sql.raw(statement).execute(transaction)
      }
      await sql`INSERT INTO migrations (number) VALUES (${number})`.execute(transaction)
    }
  })
}

async function listMigrations(): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()
  return files.map((file) => ({ number: Number.parseInt(file, 10), file }))
}

/** The embedded database takes one statement at a time. In these files each ends with a semicolon at the end of a line. */
function statementsOf(text: string): string[] {
  return text
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.replaceAll(/^--.*$/gm, '').trim())
    .filter((statement) => statement !== '')
}
