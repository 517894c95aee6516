import { randomUUID } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { parquetReadObjects } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { makeFileKeyRing } from '../../src/adapters/key-ring/file/file-key-ring.ts'
import { ensureMasterKey } from '../../src/adapters/key-ring/file/master-key.ts'
import { makeFileStore } from '../../src/adapters/object-store/file/file-store.ts'
import { makeJobStore } from '../../src/adapters/state/postgres/jobs/job-store.ts'
import { makeMapperStore } from '../../src/adapters/state/postgres/mapper-store.ts'
import { makeQueueStore } from '../../src/adapters/state/postgres/queue-store.ts'
import { dataMapperSchema } from '../../src/api/data-mapper-schema.ts'
import { formats } from '../../src/compose.ts'
import type { DataMapper } from '../../src/domain/data-mapper.ts'
import type { MatchContent } from '../../src/domain/match-content.ts'
import type { JobWorld, MapperScope } from '../../src/engine/jobs/job-world.ts'
import { runWorker, type WorkerOptions } from '../../src/engine/jobs/run-worker.ts'
import { addMatches } from '../../src/engine/queue/add-matches.ts'
import { destroyFinishedKeys } from '../../src/engine/queue/destroy-finished-keys.ts'
import { unsealMatches } from '../../src/engine/queue/unseal-matches.ts'
import type { Job, JobOptions, JobStore } from '../../src/ports/job-store.ts'
import type { MapperStore } from '../../src/ports/mapper-store.ts'
import type { QueueStore } from '../../src/ports/queue-store.ts'
import type { TestState } from '../state/open-test-state.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts'

const byDefault: JobOptions = {
  dryRun: false,
  approval: 'none',
  selfApproval: false,
  approvalHours: 24,
  slack: 0,
}

/** A lake in a folder, mappers over it, a queue, a key ring, and jobs over all of it. */
export interface TestWorld extends AsyncDisposable {
  readonly lake: TemporaryFolder
  readonly keys: TemporaryFolder
  readonly world: JobWorld
  readonly jobs: JobStore
  readonly mappers: MapperStore
  readonly queue: QueueStore
  addMapper(name: string, rest?: Record<string, unknown>): Promise<DataMapper>
  addMatches(contents: readonly (string | Record<string, string>)[], request?: AddRequest): Promise<void>
  start(options?: Partial<JobOptions>): Promise<Job>
  /** Lets a worker of its own work until nothing is left to do, and yields the job. */
  settle(id: string, options?: WorkerOptions & { readonly world?: JobWorld }): Promise<Job>
  job(id: string): Promise<Job>
}

interface AddRequest {
  readonly reference?: string
  readonly mappers?: readonly string[]
}

export async function makeTestWorld(
  { db }: Pick<TestState, 'db'>,
  { scopeOf }: { readonly scopeOf?: (mapper: DataMapper, scope: MapperScope) => MapperScope } = {},
): Promise<TestWorld> {
  const lake = await makeTemporaryFolder()
  const keys = await makeTemporaryFolder()
  const masterKeyFile = `${keys.root}master.key`
  await ensureMasterKey(masterKeyFile)
  const keyRing = makeFileKeyRing({ folder: `${keys.root}keys`, masterKeyFile })
  const jobs = makeJobStore(db)
  const mappers = makeMapperStore(db)
  const queue = makeQueueStore(db)
  const store = makeFileStore()
  const world: JobWorld = {
    jobs,
    async openScope(mapper) {
      const scope = { store, formats, target: lake.root + mapper.location, place: 'files' }
      return scopeOf?.(mapper, scope) ?? scope
    },
    matchesOf: (jobId) => unsealMatches({ queue, keyRing }, jobId),
    destroyFinishedKeys: () => destroyFinishedKeys({ queue, keyRing }),
  }
  const job = async (id: string) => (await jobs.get(id))!
  return {
    lake,
    keys,
    world,
    jobs,
    mappers,
    queue,
    job,
    async addMapper(name, rest = {}) {
      const mapper = dataMapperSchema.parse({ name, store: 'lake', location: `${name}/`, keys: ['user_id'], ...rest })
      await mappers.change({ put: [mapper] })
      return mapper
    },
    async addMatches(contents, { reference, mappers: names } = {}) {
      async function* matches() {
        for (const [index, content] of contents.entries()) {
          yield {
            content: contentOf(content),
            place: `match ${index + 1}`,
            receivedOn: '2026-11-01',
            ...(reference === undefined ? {} : { reference }),
          }
        }
      }
      await addMatches(
        { mappers, queue, keyRing },
        { matches: matches(), deadline: 'gdpr', addedBy: 'tester', ...(names === undefined ? {} : { mappers: names }) },
      )
    },
    start: (options = {}) =>
      jobs.start({ id: randomUUID(), requestedBy: 'tester', options: { ...byDefault, ...options } }),
    async settle(id, { world: other = world, ...options } = {}) {
      await runWorker(other, { concurrency: 2, pollMs: 1, isDone: () => isIdle(jobs, id), ...options })
      return await job(id)
    },
    async [Symbol.asyncDispose]() {
      await lake[Symbol.asyncDispose]()
      await keys[Symbol.asyncDispose]()
    },
  }
}

const working = ['QUEUED', 'RUNNING', 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS']

async function isIdle(jobs: JobStore, id: string): Promise<boolean> {
  return !working.includes((await jobs.get(id))!.state)
}

function contentOf(content: string | Record<string, string>): MatchContent {
  if (typeof content === 'string') return { kind: 'simple', value: content }
  return { kind: 'columns', values: Object.entries(content).map(([column, value]) => ({ column, value })) }
}

/** Rows as the three formats of the tests hold them, and back by readers that are not ours. */
export interface Row {
  readonly user_id: string
  readonly n: number
}

export const ndjsonFile = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

export const csvGzipFile = (rows: readonly Row[]): Uint8Array =>
  gzipSync(`user_id,n\n${rows.map(({ user_id, n }) => `${user_id},${n}\n`).join('')}`)

export const parquetFile = (rows: readonly Row[]): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'user_id', data: rows.map(({ user_id }) => user_id), type: 'STRING' },
        { name: 'n', data: rows.map(({ n }) => n), type: 'INT32' },
      ],
    }),
  )

export async function readRows(lake: TemporaryFolder, name: string): Promise<Row[]> {
  return await rowsOf(name, (await lake.get(name))!)
}

/** @param name of the file the bytes are of: its ending tells the format */
export async function rowsOf(name: string, bytes: Uint8Array): Promise<Row[]> {
  if (name.endsWith('.parquet')) {
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
    return (await parquetReadObjects({ file })) as unknown as Row[]
  }
  if (name.endsWith('.csv.gz')) {
    const records = parse<Record<string, string>>(gunzipSync(bytes), { columns: true })
    return records.map(({ user_id, n }) => ({ user_id: user_id!, n: Number(n) }))
  }
  const lines = Buffer.from(bytes).toString().split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
}
