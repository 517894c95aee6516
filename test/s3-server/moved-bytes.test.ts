import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePagedFile } from '../../bench/parquet-data.ts'
import { s3Limits } from '../../src/adapters/object-store/s3/plan-parts.ts'
import { makeS3Store } from '../../src/adapters/object-store/s3/s3-store.ts'
import { formats } from '../../src/compose.ts'
import { bind } from '../../src/domain/predicate.ts'
import { erase } from '../../src/engine/erase.ts'
import { find } from '../../src/engine/find.ts'
import { query, quoted } from '../parquet/readers.ts'
import { leastMoved, type Moved } from './least-moved.ts'
import { type RequestRecord, S3Server } from './s3-server.ts'

/**
 * What is moved, counted by the server. By default all is eight times smaller than on Amazon S3, the object, its pages
 * and the least part; LETHE_S3_MOVED_SCALE=1 is an object of 490 MB with pages of 1 MiB and parts of 5 MiB.
 */
const scale = Number(process.env['LETHE_S3_MOVED_SCALE'] ?? 1 / 8)
const totalRows = Math.round(4_000_000 * scale)
const limits = {
  ...s3Limits,
  minPartBytes: Math.round(s3Limits.minPartBytes * scale),
  maxUploadBytes: Math.round(s3Limits.maxUploadBytes * scale),
}

let folder: string
let before: Buffer
let server: S3Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-moved-'))
  const file = { folder, rows: totalRows, pageBytes: Math.round(scale * 1024 ** 2) }
  const { path } = await makePagedFile({ ...file, rowGroupRows: Math.round(scale * 1024 ** 2) }, 'SNAPPY')
  before = await readFile(path)
  server = await S3Server.start({ minPartBytes: limits.minPartBytes })
  process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface Erasure {
  readonly rows: readonly number[]
  readonly after: Buffer
  /** What the server saw once the rows were found. */
  readonly requests: readonly RequestRecord[]
}

let made = 0

/** Erases so many rows, spread evenly. */
async function eraseSpread(count: number): Promise<Erasure> {
  made += 1
  const bucket = server.makeBucket(`lake-${made}`)
  bucket.put('events.parquet', { bytes: before })
  const step = Math.floor(totalRows / count)
  const rows = Array.from({ length: count }, (_, index) => index * step + (step >>> 1))
  // As the data are made.
  const ids = rows.map((row) => `u-${createHash('md5').update(String(row)).digest('hex').slice(0, 16)}`)
  const lake = { store: makeS3Store({ endpoint: server.endpoint, region: 'us-east-1' }, { limits }), formats }
  const predicate = bind(ids.map((value, position) => ({ kind: 'simple', column: 'user_id', value, position })))
  const found = await find(lake, { targets: [`s3://lake-${made}/`], predicate, malformed: 'refuse' })
  const searched = server.requests.length
  const { reports } = await erase(lake, { found, empty: 'keep', dryRun: false })
  expect(reports).toMatchObject([{ status: 'erased', rows: { matched: count, kept: totalRows - count } }])
  const after = bucket.current('events.parquet')!.bytes
  await expectErased(rows, after)
  return { rows, after, requests: server.requests.slice(searched) }
}

async function expectErased(rows: readonly number[], after: Buffer): Promise<void> {
  const [old, fresh] = [join(folder, 'old.parquet'), join(folder, 'fresh.parquet')]
  await Promise.all([writeFile(old, before), writeFile(fresh, after)])
  const kept = `SELECT * FROM ${quoted(old)} WHERE event_id NOT IN (${rows.join(', ')})`
  const sums = (from: string) => `SELECT count(*), sum(hash(t)) FROM (${from}) AS t`
  expect(await query(sums(`SELECT * FROM ${quoted(fresh)}`))).toEqual(await query(sums(kept)))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

function movedBy(requests: readonly RequestRecord[]): Moved {
  return {
    down: sum(requests.map(({ sentBytes }) => sentBytes)),
    up: sum(requests.map(({ receivedBytes }) => receivedBytes)),
    copied: sum(requests.map(({ copiedBytes }) => copiedBytes)),
  }
}

/** Bytes of the object that came down more than once. */
function movedTwice(requests: readonly RequestRecord[]): number {
  let [end, twice] = [0, 0]
  const ranges = requests.flatMap(({ range }) => (range === undefined ? [] : [range]))
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    twice += Math.max(0, Math.min(end, range.end) - range.start)
    end = Math.max(end, range.end)
  }
  return twice
}

const readsOf = (requests: readonly RequestRecord[]): number =>
  requests.filter(({ range }) => range !== undefined).length

describe('once the rows are found an erasure moves', () => {
  test.each(scale === 1 ? [1, 3, 10, 30, 100, 1000] : [1, 10, 1000])(
    'for %i rows at most 1.2 times the least that could be moved, and hardly a byte twice',
    async (count) => {
      const { requests, rows, after } = await eraseSpread(count)
      const least = leastMoved(before, after, { rows, minPartBytes: limits.minPartBytes })
      const moved = movedBy(requests)
      for (const way of ['down', 'up', 'copied'] as const) {
        // Answers that are not the object's bytes, and the mark of an upload.
        expect(moved[way], way).toBeLessThanOrEqual(1.2 * least[way] + 32 * 1024)
      }
      expect(moved.up + moved.copied).toBeGreaterThanOrEqual(after.length)
      expect(movedTwice(requests)).toBeLessThan(0.01 * before.length)
      // Of 10 columns; a header of a page is read at a time, and that does not become smaller with the scale.
      if (count === 1) expect((moved.down + moved.up) / before.length).toBeLessThan(scale === 1 ? 0.15 : 0.17)
      // Where most pages hold a row it is a download in large ranges.
      if (count === 1000) expect(readsOf(requests)).toBeLessThan(80 + before.length / 4 / 1024 ** 2)
    },
    240_000,
  )
})
