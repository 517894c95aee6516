import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { expectChain } from '../jobs/expect-truth.ts'
import { type DatabaseKind, makeSite, type Site } from '../jobs/make-site.ts'
import { csvGzipFile, ndjsonFile, parquetFile, type Row, rowsOf } from '../jobs/make-test-world.ts'
import { expectCleanState } from '../jobs/site-jobs.ts'
import { serviceAddress } from '../service-address.ts'

/** Where a test's lake lies. */
interface Lake {
  readonly stores: string
  put(site: Site, name: string, bytes: string | Uint8Array): Promise<void>
  get(site: Site, name: string): Promise<Uint8Array>
  /** How many versions there are of all objects, those behind a delete marker too. */
  countVersions(): Promise<number | undefined>
}

const folderLake: Lake = {
  stores: 'stores: {lake: {folder: lake}}',
  put: (site, name, bytes) => site.folder.put(`lake/${name}`, bytes),
  get: async (site, name) => (await site.folder.get(`lake/${name}`))!,
  countVersions: async () => undefined,
}

let buckets = 0
async function bucketLake(): Promise<Lake> {
  const endpoint = serviceAddress('LETHE_S3_ENDPOINT')
  const accessKeyId = serviceAddress('LETHE_S3_ACCESS_KEY')
  const secretAccessKey = serviceAddress('LETHE_S3_SECRET_KEY')
  // The command takes them by the conventions of the AWS tools.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  buckets += 1
  const Bucket = `jobs-${process.pid}-${Date.now().toString(36)}-${buckets}`
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  return {
    stores: `stores: {lake: {bucket: ${Bucket}, endpoint: '${endpoint}', region: us-east-1, prefix: raw/}}`,
    async put(_, name, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key: `raw/${name}`, Body }))
    },
    async get(_, name) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `raw/${name}` }))
      return await Body!.transformToByteArray()
    },
    async countVersions() {
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }))
      return Versions.length + DeleteMarkers.length
    },
  }
}

const mappers = `mappers:
  - {name: clicks, store: lake, location: clicks/, keys: [user_id]}
  - {name: orders, store: lake, location: orders/, keys: [user_id]}
  - {name: people, store: lake, location: people/, keys: [user_id]}
`

const objectsOfKind = 12
const rowsOfObject = 500
/** Of whom every second is somebody whose row is there. */
const people = Array.from({ length: 1000 }, (_, index) => `user-${index * 9}`)
const isErased = ({ user_id }: Row): boolean => /^user-\d+$/.test(user_id) && Number(user_id.slice(5)) % 9 === 0

function makeFiles(): Map<string, readonly Row[]> {
  const files = new Map<string, readonly Row[]>()
  for (const [kind, ending] of [
    ['clicks', '.ndjson'],
    ['orders', '.parquet'],
    ['people', '.csv.gz'],
  ]) {
    for (let object = 0; object < objectsOfKind; object += 1) {
      const first = (object * rowsOfObject * 3) % 9000
      const rows = Array.from({ length: rowsOfObject }, (_, n) => ({ user_id: `user-${first + n}`, n }))
      files.set(`${kind}/${object}${ending}`, rows)
    }
  }
  return files
}

function encode(name: string, rows: readonly Row[]): string | Uint8Array {
  if (name.endsWith('.parquet')) return parquetFile(rows)
  return name.endsWith('.gz') ? csvGzipFile(rows) : ndjsonFile(rows)
}

describe.each(['embedded', 'server'] as const)('a job from the request to its receipts, state: %s', (kind) => {
  test('over a folder', async () => await tellStory(kind, folderLake), 180_000)
  test('over a bucket with versions', async () => await tellStory(kind, await bucketLake()), 180_000)
})

/** Ada puts a thousand matches into the queue and starts a job; Grace approves; a worker erases. */
async function tellStory(kind: DatabaseKind, lake: Lake): Promise<void> {
  await using site = await makeSite(kind, `${lake.stores}\napproval: {approvers: [grace]}\n`)
  const files = makeFiles()
  for (const [name, rows] of files) await lake.put(site, name, encode(name, rows))
  await site.folder.put('mappers.yaml', mappers)
  await site.folder.put('people.csv', `*\n${people.join('\n')}\n`)
  const lethe = async (...args: string[]) => expect(await site.spawn(args).ended, args.join(' ')).toBe(0)
  await lethe('mappers', 'apply', 'mappers.yaml')
  await lethe('queue', 'add', '--matches', 'people.csv', '--reference', 'DSR-1', '--by', 'ada')
  await lethe('jobs', 'start', '--watch', '--by', 'ada')

  const { id, scopeHash } = await site.during(async ({ workspace }) => (await workspace.jobs.list())[0]!)
  const waits = await site.during(({ workspace }) => workspace.jobs.get(id))
  expect(waits?.state).toBe('AWAITING_APPROVAL')
  for (const [name, rows] of files) expect(await rowsOf(name, await lake.get(site, name))).toEqual(rows)
  // Nobody approves what is their own, nor is Mallory somebody who may.
  const approve = ['jobs', 'approve', id, '--scope', scopeHash!, '--comment', 'checked', '--by']
  for (const name of ['ada', 'mallory']) expect(await site.spawn([...approve, name]).ended).not.toBe(0)
  await lethe(...approve, 'grace')
  await lethe('worker', '--until-idle')

  const changed = [...files].filter(([, rows]) => rows.some(isErased))
  for (const [name, rows] of files) {
    expect(await rowsOf(name, await lake.get(site, name)), name).toEqual(rows.filter((row) => !isErased(row)))
  }
  expect([undefined, files.size]).toContain(await lake.countVersions())
  await site.during(async (open) => {
    const { jobs } = open.workspace
    expect(await jobs.get(id)).toMatchObject({ state: 'COMPLETED', error: null })
    const receipts = await jobs.receipts(id, { after: -1, limit: 100_000 })
    expectChain(receipts)
    expect(receipts.map(({ body }) => body.outcome)).toEqual(changed.map(() => 'erased'))
    const erased = receipts.reduce((sum, { body }) => sum + (body.rows?.erased ?? 0), 0)
    expect(erased).toBe([...files.values()].flat().filter(isErased).length)
    await expectCleanState(site, open)
  })
}
