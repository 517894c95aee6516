import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { sql } from 'kysely'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { limitStore } from '../../src/adapters/object-store/limits/limited-store.ts'
import { makeRate } from '../../src/adapters/object-store/limits/rate.ts'
import { makeS3Store } from '../../src/adapters/object-store/s3/s3-store.ts'
import { makeWorker } from '../../src/engine/jobs/run-worker.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { openEmbeddedState, shareState, type TestState } from '../state/open-test-state.ts'
import { makeTestWorld, ndjsonFile, type TestWorld } from './make-test-world.ts'

const server = await S3Server.start()
process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey

let state: TestState
let under: TestWorld
const client = new S3Client({
  endpoint: server.endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: server.credentials,
})
let made = 0
let bucket: string

const open = shareState(openEmbeddedState)
afterAll(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  state = await open()
  await state.clear()
  made += 1
  bucket = `lake-${made}`
  server.makeBucket(bucket, { versioning: 'Enabled' })
  const unlimited = makeS3Store({ endpoint: server.endpoint, region: 'us-east-1' })
  // Limits that nobody reaches: what is behind them works as without.
  const store = limitStore(unlimited, { requests: makeRate(1e6), bytes: makeRate(1e12) })
  under = await makeTestWorld(state, {
    scopeOf: (mapper, scope) => ({ ...scope, store, target: `s3://${bucket}/${mapper.location}`, place: 's3' }),
  })
  return () => under[Symbol.asyncDispose]()
}, 120_000)

const put = async (key: string, ...users: readonly string[]) => {
  const body = ndjsonFile(users.map((user_id, n) => ({ user_id, n })))
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
}
/** Every version of every key as `key: users`, newest first; what the server has, not what a client is told. */
const versions = (): string[] => {
  const held = server.bucket(bucket)
  return held.keys().flatMap((key) =>
    held.versions(key).map(({ kind, bytes }) => {
      const lines = bytes.toString().split('\n').slice(0, -1)
      const users = lines.map((line) => (JSON.parse(line) as { user_id: string }).user_id)
      return `${key}: ${kind === 'marker' ? 'marker' : users.join(' ')}`
    }),
  )
}

test('old versions go with the rows, by their ids; what only begins with the same name stays', async () => {
  await put('clicks/a', 'user-1', 'user-2')
  await put('clicks/a', 'user-1', 'user-3')
  await put('clicks/a-b', 'user-4')
  await put('clicks/a-b', 'user-5')
  // Of an object whose current version has nothing to erase.
  await put('clicks/c', 'user-1')
  await put('clicks/c', 'user-6')
  await under.addMapper('clicks')
  await under.addMatches(['user-1'])
  const { id } = await under.start()
  expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED', error: null })
  expect(versions()).toEqual(['clicks/a: user-3', 'clicks/a-b: user-5', 'clicks/a-b: user-4', 'clicks/c: user-6'])
  const receipts = await under.jobs.receipts(id, { after: -1, limit: 10 })
  const words = receipts.map(({ body }) => `${body.uri.split('/').at(-1)} ${body.action} ${body.outcome}`)
  expect(words).toEqual(expect.arrayContaining(['a edit erased', 'c old-version erased']))
})

test('old versions that are kept for some days go when these are over, with a receipt of their own', async () => {
  await put('clicks/a', 'user-1', 'user-2')
  await put('clicks/a', 'user-1', 'user-3')
  await under.addMapper('clicks', { oldVersions: { deleteAfterDays: 30 } })
  await under.addMatches(['user-1'])
  const { id } = await under.start()
  expect(await under.settle(id)).toMatchObject({ state: 'COMPLETED', error: null })
  expect(versions()).toEqual(['clicks/a: user-3', 'clicks/a: user-1 user-3', 'clicks/a: user-1 user-2'])
  const receipts = () => under.jobs.receipts(id, { after: -1, limit: 10 })
  const [erased] = (await receipts()).map(({ body }) => body)
  expect(erased).toMatchObject({ action: 'edit', outcome: 'erased', goneAt: null })
  const days = (Date.parse(erased!.goneAfter!) - Date.parse(erased!.erasedAt!)) / 86_400_000
  expect(days).toBeCloseTo(30, 1)
  // What comes later is clean and stays.
  await put('clicks/a', 'user-7')
  const isDone = async () => (await receipts()).length === 2
  const worker = makeWorker(under.world, { leaseMs: 60_000 })
  expect(await worker.workOnce()).toBe(false)
  await sql`UPDATE tasks SET not_before = now() WHERE phase = 'CLEANUP'`.execute(state.db)
  expect(await worker.workOnce()).toBe(true)
  expect(await isDone()).toBe(true)
  expect(versions()).toEqual(['clicks/a: user-7', 'clicks/a: user-3'])
  expect((await receipts())[1]).toMatchObject({ body: { action: 'old-versions', outcome: 'erased', goneAfter: null } })
})

test('a receipt counts what its own object asked of the store, whatever else was under way', async () => {
  const names = Array.from({ length: 8 }, (_, n) => `clicks/${n}`)
  for (const [n, name] of names.entries()) await put(name, 'user-1', ...Array<string>(1 + n * 50).fill('user-2'))
  await under.addMapper('clicks')
  await under.addMatches(['user-1'])
  const { id } = await under.start()
  const before = server.requests.length
  expect(await under.settle(id, { concurrency: 8 })).toMatchObject({ state: 'COMPLETED' })
  const asked = server.requests.slice(before)
  const receipts = await under.jobs.receipts(id, { after: -1, limit: 100 })
  expect(receipts.length).toBe(names.length)
  for (const { body } of receipts) {
    const name = body.uri.slice(`s3://${bucket}/`.length)
    const puts = asked.filter(({ operation, key }) => operation === 'PUT' && key === name)
    expect([name, body.transfers?.requests['PutObjectCommand'], body.transfers?.uploaded]).toEqual([
      name,
      puts.length,
      puts.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
    ])
    expect(body.transfers?.uploaded).toBe(server.bucket(bucket).current(name)!.bytes.length)
  }
})
