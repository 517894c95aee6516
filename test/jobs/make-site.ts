import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { makeFileKeyRing } from '../../src/adapters/key-ring/file/file-key-ring.ts'
import { makeJobStore } from '../../src/adapters/state/postgres/jobs/job-store.ts'
import { makeMapperStore } from '../../src/adapters/state/postgres/mapper-store.ts'
import { openState, type State } from '../../src/adapters/state/postgres/open-state.ts'
import { makeQueueStore } from '../../src/adapters/state/postgres/queue-store.ts'
import { makeJobWorld, type Workspace } from '../../src/compose.ts'
import { type Configuration, loadConfiguration } from '../../src/config.ts'
import type { JobWorld } from '../../src/engine/jobs/job-world.ts'
import { entry } from '../cli/run-lethe.ts'
import { makeServerDatabase } from '../state/open-test-state.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'
import { expireLeases } from './expire-leases.ts'

/** What a test sees of a site while the state is open to it. */
export interface OpenSite {
  readonly db: State['db']
  readonly workspace: Omit<Workspace, typeof Symbol.asyncDispose | 'schedules' | 'audit'>
  readonly world: JobWorld
}

interface WorkerProcess {
  readonly child: ChildProcess
  /** The status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** A place of work as the command line knows it: a folder with a configuration, a lake, keys, and a state. */
export interface Site extends AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly configuration: Configuration
  /** Opens the state for the time of a call: an embedded one is another process's at other times. */
  during<Result>(work: (open: OpenSite) => Promise<Result>): Promise<Result>
  /** `lethe` in a process of its own, here. */
  spawn(args: readonly string[], options?: SpawnOptions): WorkerProcess
}

interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Arguments for Node, before the entry. */
  readonly node?: readonly string[]
}

export type DatabaseKind = 'embedded' | 'server'

/**
 * @param yaml what the configuration says beside the state
 * @param addressFor by which address processes of their own reach the server; the tests themselves do directly
 */
export async function makeSite(
  kind: DatabaseKind,
  yaml: string,
  addressFor: (url: string) => string = (url) => url,
): Promise<Site> {
  const folder = await makeTemporaryFolder()
  const database = kind === 'server' ? await makeServerDatabase() : undefined
  await folder.put('lethe.yaml', yaml)
  // A worker that sleeps in a transaction locks its rows for so long, and a test does not wait for half a minute.
  const query = '?idle_in_transaction_session_timeout=300'
  const addressed = (url: string) => ({ DATABASE_URL: `${url}${query}` })
  const environment = database === undefined ? {} : addressed(database.url)
  const ofProcesses = database === undefined ? {} : addressed(addressFor(database.url))
  const configuration = loadConfiguration({ file: undefined, folder: folder.root, environment })
  const { DATABASE_URL: _, ...inherited } = process.env
  return {
    folder,
    configuration,
    async during(work) {
      await using state = await openState(configuration.state)
      const { db } = state
      const workspace = {
        mappers: makeMapperStore(db),
        queue: makeQueueStore(db),
        jobs: makeJobStore(db),
        keyRing: makeFileKeyRing(configuration.keys),
      }
      return await work({ db, workspace, world: makeJobWorld({ ...workspace, ...state }, configuration) })
    },
    spawn(args, { env = {}, node = [] } = {}) {
      const child = spawn(process.execPath, [...node, entry, ...args], {
        cwd: folder.root,
        env: { ...inherited, ...ofProcesses, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const ended = once(child, 'close').then(([status, signal]) => (status ?? signal) as number | NodeJS.Signals)
      return { child, ended }
    },
    async [Symbol.asyncDispose]() {
      await database?.[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** As if more than a lease had passed, and what was postponed may be tried. */
export async function sleepPastLeases(db: State['db']): Promise<void> {
  await expireLeases(db)
  await sql`UPDATE tasks SET not_before = NULL WHERE phase <> 'CLEANUP'`.execute(db)
}

/** Arguments for Node and an environment by which a process sends itself a signal at the n-th point of its work. */
export function signalAt(
  at: number,
  { signal, log }: { readonly signal: NodeJS.Signals; readonly log: string },
): SpawnOptions {
  return {
    node: ['--import', join(import.meta.dirname, 'signal-at-call.mjs')],
    env: { SIGNAL: signal, SIGNAL_AT: String(at), SIGNAL_LOG: log },
  }
}

/** The points that a process with such arguments has passed. */
export async function pointsIn(log: string): Promise<string[]> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.split('\n').slice(0, -1)
}
