import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll } from 'vitest'
import { openState, type State } from '../../src/adapters/state/postgres/open-state.ts'
import type { Tables } from '../../src/adapters/state/postgres/tables.ts'
import { serviceAddress } from '../service-address.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'

/** A state for a test file, which its suites empty before each test. */
export interface TestState extends State {
  /** Of the embedded database. */
  readonly folder?: string
  clear(): Promise<void>
}

/** How suites come to the state of their file: embedded in `npm test`, on a server in `npm run test:services`. */
export type OpenTestState = () => Promise<TestState>

/** One state for all suites of a file, opened when the first needs it: the embedded one takes seconds. */
export function shareState(open: OpenTestState): OpenTestState {
  let state: Promise<TestState> | undefined
  afterAll(async () => await (await state)?.[Symbol.asyncDispose]())
  return () => (state ??= open())
}

export async function openEmbeddedState(): Promise<TestState> {
  const folder = await makeTemporaryFolder()
  const state = await openState({ folder: `${folder.root}state` })
  return {
    ...state,
    folder: `${folder.root}state`,
    clear: () => clear(state),
    async [Symbol.asyncDispose]() {
      await state[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** In a database of its own, dropped at the end. */
export async function openServerState(): Promise<TestState> {
  const database = await makeServerDatabase()
  const state = await openState({ url: database.url })
  return {
    ...state,
    clear: () => clear(state),
    async [Symbol.asyncDispose]() {
      await state[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** An empty database on the server of DATABASE_URL. */
export async function makeServerDatabase(): Promise<AsyncDisposable & { readonly url: string }> {
  const address = serviceAddress('DATABASE_URL')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const execute = async (statement: string) => {
    const { Client } = (await import('pg')).default
    const client = new Client({ connectionString: address })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  }
  await execute(`CREATE DATABASE ${name}`)
  const url = new URL(address)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => execute(`DROP DATABASE ${name} WITH (FORCE)`) }
}

const tables: readonly Exclude<keyof Tables, 'migrations'>[] = [
  'mappers',
  'batches',
  'matches',
  'jobs',
  'job_mappers',
  'job_matches',
  'match_shares',
  'tasks',
  'task_hits',
  'object_claims',
  'approvals',
  'events',
  'receipts',
  'schedules',
  'schedule_runs',
]

async function clear({ db }: State): Promise<void> {
  await sql`TRUNCATE ${sql.join(tables.map((table) => sql.table(table)))} RESTART IDENTITY`.execute(db)
}
