import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect } from 'vitest'
import { dataMapperSchema } from '../../src/api/data-mapper-schema.ts'
import { isAtRest } from '../../src/domain/job.ts'
import { runWorker } from '../../src/engine/jobs/run-worker.ts'
import { addMatches } from '../../src/engine/queue/add-matches.ts'
import type { JobOptions } from '../../src/ports/job-store.ts'
import type { Erasure } from './expect-truth.ts'
import type { OpenSite, Site } from './make-site.ts'
import { csvGzipFile, ndjsonFile, parquetFile, type Row } from './make-test-world.ts'

export const siteConfiguration = 'stores: {lake: {folder: lake}}\napproval: {required: false}\n'

const kinds = {
  clicks: { ending: '.ndjson', encode: ndjsonFile },
  orders: { ending: '.parquet', encode: parquetFile },
  people: { ending: '.csv.gz', encode: csvGzipFile },
} as const

/** Objects of three formats, so many of each, with forty people in every one (so that one has not so many rows that a job
 * over hundreds of objects asks for a yes), and a data mapper for each format. */
export async function fillLakeOf({ folder }: Pick<Site, 'folder'>, objects: number): Promise<Erasure['files']> {
  const files = new Map<string, readonly Row[]>()
  for (const [kind, { ending, encode }] of Object.entries(kinds)) {
    for (let object = 0; object < objects; object += 1) {
      const name = `lake/${kind}/${object}${ending}`
      const rows = Array.from({ length: 40 }, (_, n) => ({ user_id: `user-${(n + object) % 40}`, n: n + object * 100 }))
      await folder.put(name, encode(rows))
      files.set(name, rows)
    }
  }
  return files
}

export async function addSiteMappers({ workspace }: OpenSite): Promise<void> {
  const put = Object.keys(kinds).map((name) =>
    dataMapperSchema.parse({ name, store: 'lake', location: `${name}/`, keys: ['user_id'] }),
  )
  await workspace.mappers.change({ put })
}

/** Starts a job for these people, and yields its id. */
export async function startSiteJob(
  { workspace }: OpenSite,
  people: readonly string[],
  options: Partial<JobOptions> = {},
): Promise<string> {
  async function* matches() {
    for (const [index, value] of people.entries()) {
      const content = { kind: 'simple', value } as const
      yield { content, place: `match ${index + 1}`, receivedOn: '2026-11-01', reference: 'R-1' }
    }
  }
  await addMatches(workspace, { matches: matches(), deadline: 'gdpr', addedBy: 'tester' })
  const id = randomUUID()
  await workspace.jobs.start({
    id,
    requestedBy: 'tester',
    options: { dryRun: false, approval: 'none', selfApproval: false, approvalHours: 24, slack: 0, ...options },
  })
  return id
}

/** Works in this process until the job is at its end, or waits for a person. */
export async function workToTheEnd({ world, workspace }: OpenSite, id: string): Promise<void> {
  const isDone = async () => isAtRest((await workspace.jobs.get(id))!.state)
  await runWorker(world, { concurrency: 2, pollMs: 1, isDone })
}

/** At the end of all jobs no object is claimed, no match waits, and no key is left. */
export async function expectCleanState(site: Site, { db }: OpenSite): Promise<void> {
  expect((await sql`SELECT 1 FROM object_claims`.execute(db)).rows).toEqual([])
  expect((await sql`SELECT 1 FROM matches WHERE state <> 'DONE' OR sealed IS NOT NULL`.execute(db)).rows).toEqual([])
  expect((await site.folder.names()).filter((name) => name.endsWith('.key') && name.includes('keys/'))).toEqual([])
}
