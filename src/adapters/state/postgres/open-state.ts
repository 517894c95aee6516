import { types } from '@electric-sql/pglite'
import { Kysely, PGliteDialect, PostgresDialect } from 'kysely'
import { Pool, types as serverTypes } from 'pg'
import type { StateLocation } from '../../../ports/state.ts'
import { guardedDialect } from './guarded-dialect.ts'
import { migrate } from './migrate.ts'
import { openEmbedded } from './open-embedded.ts'
import { lockState } from './state-lock.ts'
import type { Tables } from './tables.ts'

/** The opened state. Close it: an embedded database that is not closed recovers at its next start. */
export interface State extends AsyncDisposable {
  /** Its errors are `LetheError`s (see `guardedDialect`). Embedded, it has one connection: never use it within a transaction. */
  readonly db: Kysely<Tables>
  /** Whether other processes may work on the same state. */
  readonly isShared: boolean
}

const maxConnections = 8
const connectTimeoutMs = 10_000

/**
 * A worker that sleeps, or whose host is gone, in the middle of a transaction would lock its job for all others for as long
 * as the server keeps its session: hours. Half a lease is enough for who is alive. What the server, the database or the
 * address says instead holds.
 */
const limitIdleTransactions = `
  SELECT set_config('idle_in_transaction_session_timeout', '30s', false)
  WHERE current_setting('idle_in_transaction_session_timeout') = '0'`

/**
 * Opens the state and brings its tables up to date. The embedded database takes seconds to begin with, and half a
 * gigabyte: nothing that can do without state may come here.
 *
 * @throws LetheError `state-locked` where another process has the folder, `state-newer` where a newer program made the
 *   tables, `state-unavailable` where the server cannot be reached
 */
export async function openState(location: StateLocation): Promise<State> {
  const opened = 'url' in location ? openServer(location.url) : await openFolder(location.folder)
  try {
    await migrate(opened.db)
    return opened
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
}

function openServer(url: string): State {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'lethe',
    types: { getTypeParser: serverParser },
  })
  // A connection that breaks is replaced; whoever needed it gets the error of its own query. While it is idle the pool
  // tells of it, and between two statements of a transaction the connection itself.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
    client.query(limitIdleTransactions).catch(() => undefined)
  })
  const db = new Kysely<Tables>({ dialect: guardedDialect(new PostgresDialect({ pool })) })
  return { db, isShared: true, [Symbol.asyncDispose]: () => db.destroy() }
}

async function openFolder(folder: string): Promise<State> {
  const lock = await lockState(folder)
  try {
    const pglite = await openEmbedded(folder, { parsers })
    const db = new Kysely<Tables>({ dialect: guardedDialect(new PGliteDialect({ pglite })) })
    return {
      db,
      isShared: false,
      async [Symbol.asyncDispose]() {
        await db.destroy()
        // A database that was opened and never asked anything is not known to its dialect yet.
        if (!pglite.closed) await pglite.close()
        await lock[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

/** What the two drivers would read differently: our counts and ids stay below 2^53, calendar dates stay texts. */
const parsers: Record<number, (text: string) => unknown> = {
  [types.INT8]: Number,
  [types.DATE]: (text) => text,
}

function serverParser(oid: number, format?: 'text' | 'binary'): unknown {
  return parsers[oid] ?? serverTypes.getTypeParser(oid, format)
}
