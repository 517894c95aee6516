import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dataMapperSchema } from '../../src/api/data-mapper-schema.ts'
import { openMapperPlace } from '../../src/compose.ts'
import type { Configuration } from '../../src/config.ts'
import { LetheError } from '../../src/domain/error.ts'
import type { JobWorld } from '../../src/engine/jobs/job-world.ts'
import { makeWorker } from '../../src/engine/jobs/run-worker.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { openEmbeddedState, shareState, type TestState } from '../state/open-test-state.ts'
import { expireLeases } from './expire-leases.ts'
import { makeTestWorld, ndjsonFile, type TestWorld } from './make-test-world.ts'

let state: TestState
let under: TestWorld

const open = shareState(openEmbeddedState)
beforeEach(async () => {
  state = await open()
  await state.clear()
  under = await makeTestWorld(state)
  return () => under[Symbol.asyncDispose]()
}, 120_000)

/** The world with mappers opened as the program opens them. */
const worldOf = (lake: Configuration['stores'][string]): JobWorld => ({
  ...under.world,
  openScope: async (mapper) => ({ ...(await openMapperPlace(mapper, { stores: { lake } })), place: 'lake' }),
})
const receiptsOf = async (id: string) =>
  (await under.jobs.receipts(id, { after: -1, limit: 100 })).map(({ body }) => {
    const { action, outcome, uri, resumed } = body
    return `${uri.split('/').at(-1)}: ${action} ${outcome}${resumed ? ' (resumed)' : ''}`
  })

describe('whole objects of a folder', () => {
  const settle = (id: string, world = worldOf({ folder: under.lake.root })) => under.settle(id, { world })
  const left = async () => (await under.lake.names()).sort()

  test('go by their name, and are counted as such', async () => {
    for (const name of ['user-1', 'user-2', 'user-11']) await under.lake.put(`photos/${name}.png`, 'an image')
    await under.addMapper('photos', { objectMatch: 'photos/{user_id}.png' })
    await under.addMatches(['user-1', 'nobody'], { reference: 'R-1' })
    const { id } = await under.start()
    const job = await settle(id)
    expect(job).toMatchObject({ state: 'COMPLETED', error: null })
    expect(job.plan).toMatchObject({
      sideEffects: ['objects-removed', 'old-versions-deleted'],
      mappers: [{ objects: 3, matched: { objects: 1, wholeObjects: 1, rows: 0 } }],
    })
    expect(await left()).toEqual(['photos/user-11.png', 'photos/user-2.png'])
    expect(await under.jobs.requests(id)).toMatchObject([
      { notFound: 1, rows: 0, mappers: [{ mapper: 'photos', objects: 1, bytesToWrite: 0 }] },
    ])
    expect(await receiptsOf(id)).toEqual(['user-1.png: remove erased'])
  })

  const withSidecars = async () => {
    for (const [name, user] of Object.entries({ a: 'user-1', b: 'user-2', c: 'user-1' })) {
      await under.lake.put(`photos/${name}.png`, 'an image')
      await under.lake.put(`photos/${name}.png.meta.json`, `{"user_id":"${user}"}`)
    }
    await under.addMapper('photos', { sidecar: '{name}.meta.json' })
    await under.addMatches(['user-1'])
  }
  const kept = ['photos/b.png', 'photos/b.png.meta.json']

  test('go with the sidecar that says whose they are', async () => {
    await withSidecars()
    const { id } = await under.start()
    expect(await settle(id)).toMatchObject({ state: 'COMPLETED', error: null })
    expect(await left()).toEqual(kept)
    expect((await receiptsOf(id)).sort()).toEqual(['a.png: remove erased', 'c.png: remove erased'])
    const found = await under.jobs.tasks(id, { after: 0, limit: 100, phase: 'FIND' })
    expect(found.map(({ object }) => object.uri.split('/').at(-1))).toEqual(['a.png', 'b.png', 'c.png'])
  })

  test('take their sidecar with them where a worker died between the two', async () => {
    await withSidecars()
    const { id } = await under.start()
    const world = worldOf({ folder: under.lake.root })
    let isDead = false
    const dying: JobWorld = {
      ...world,
      async openScope(mapper) {
        const scope = await world.openScope(mapper)
        const remove: typeof scope.store.remove = async (key, ...rest) => {
          if (isDead || !key.endsWith('.json')) return await scope.store.remove(key, ...rest)
          isDead = true
          await expireLeases(state.db, ['tasks', 'object_claims'])
          throw new LetheError('interrupted', 'died')
        }
        return { ...scope, store: { ...scope.store, remove } }
      },
    }
    const settled = await under.settle(id, { world: dying, concurrency: 1 })
    expect([isDead, settled.state, settled.error]).toEqual([true, 'COMPLETED', null])
    expect(await left()).toEqual(kept)
    // Which of the two was first does not matter.
    const words = (await receiptsOf(id)).map((word) => word.replace(/^[ac]/, '?')).sort()
    expect(words).toEqual(['?.png: remove erased', '?.png: remove erased (resumed)'])
  })

  test('a sidecar that a crash left alone is found and goes by itself', async () => {
    await withSidecars()
    await under.lake.put('photos/gone.png.meta.json', '{"user_id":"user-1"}')
    const { id } = await under.start()
    expect(await settle(id)).toMatchObject({ state: 'COMPLETED', error: null })
    expect(await left()).toEqual(kept)
    expect(await receiptsOf(id)).toContain('gone.png.meta.json: remove erased')
  })

  test('a sidecar that cannot be understood refuses its object, and the job says so', async () => {
    await withSidecars()
    await under.lake.put('photos/c.png.meta.json', '{"user_id":["user-1","user-2"]}')
    const { id } = await under.start()
    expect(await settle(id)).toMatchObject({ state: 'FORGET_PARTIALLY_FAILED' })
    expect(await left()).toEqual([...kept, 'photos/c.png', 'photos/c.png.meta.json'])
  })

  test.each([
    ['a name that none has', { objectMatch: 'pictures/{user_id}.png' }],
    ['a sidecar that none has', { sidecar: '{name}.about.json' }],
  ])('a mapper with %s fails the job before anything is erased', async (_, rest) => {
    await under.lake.put('photos/rows.ndjson', ndjsonFile([{ user_id: 'user-1', n: 1 }]))
    await under.addMapper('photos', rest)
    await under.addMatches(['user-1'])
    const { id } = await under.start()
    expect(await settle(id)).toMatchObject({ state: 'FIND_FAILED', error: { code: 'no-data' } })
    expect(await left()).toEqual(['photos/rows.ndjson'])
  })

  test('a sidecar needs a folder: there both are always listed', () => {
    const parse = (location: string) =>
      dataMapperSchema.safeParse({ name: 'a', store: 'lake', location, keys: ['user_id'], sidecar: '{name}.json' })
    expect(parse('photos/').success).toBe(true)
    expect(parse('').success).toBe(true)
    expect(parse('photos/*.png').success).toBe(false)
    expect(parse('photos/*/').success).toBe(false)
    expect(parse('photos/a.png').success).toBe(false)
  })
})

describe('whole objects of a bucket that keeps versions', () => {
  let server: S3Server
  let client: S3Client
  let bucket: string
  let made = 0

  beforeAll(async () => {
    server = await S3Server.start()
    process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
    process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
    const { endpoint, credentials } = server
    client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  })
  afterAll(async () => {
    client.destroy()
    await server[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    made += 1
    bucket = `lake-${made}`
    server.makeBucket(bucket, { versioning: 'Enabled' })
  })
  const world = () => worldOf({ bucket, prefix: '', endpoint: server.endpoint, region: 'us-east-1', pathStyle: true })
  const put = async (Key: string, Body: string, user?: string) => {
    const tagging = user === undefined ? {} : { Tagging: `user_id=${user}` }
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ...tagging }))
  }
  /** Every version of every key, newest first. */
  const versions = (): string[] => {
    const held = server.bucket(bucket)
    return held
      .keys()
      .flatMap((key) => held.versions(key).map(({ kind, bytes }) => `${key}: ${kind === 'marker' ? kind : bytes}`))
  }

  test('go by their tags, each old version by its own', async () => {
    await put('photos/a', 'hers, old', 'user-1')
    await put('photos/a', 'his', 'user-2')
    await put('photos/b', 'hers', 'user-1')
    await put('photos/c', 'his', 'user-2')
    await under.addMapper('photos', { objectTags: ['user_id'] })
    await under.addMatches(['user-1'])
    const { id } = await under.start()
    expect(await under.settle(id, { world: world() })).toMatchObject({ state: 'COMPLETED', error: null })
    expect(versions()).toEqual(['photos/a: his', 'photos/c: his'])
    expect((await receiptsOf(id)).sort()).toEqual(['a: old-version erased', 'b: remove erased'])
  })

  test('go with all versions of their sidecar, which go last', async () => {
    await put('photos/a', 'first')
    await put('photos/a.json', '{"user_id":"user-1","v":1}')
    await put('photos/a', 'second')
    await put('photos/a.json', '{"user_id":"user-1","v":2}')
    await put('photos/b', 'his')
    await put('photos/b.json', '{"user_id":"user-2"}')
    await under.addMapper('photos', { sidecar: '{name}.json' })
    await under.addMatches(['user-1'])
    const { id } = await under.start()
    expect(await under.settle(id, { world: world() })).toMatchObject({ state: 'COMPLETED', error: null })
    expect(versions()).toEqual(['photos/b: his', 'photos/b.json: {"user_id":"user-2"}'])
  })

  test('stay, with their sidecar, for the days that a mapper keeps them, and then both go', async () => {
    await put('photos/a', 'hers')
    await put('photos/a.json', '{"user_id":"user-1"}')
    await put('photos/b', 'his')
    await put('photos/b.json', '{"user_id":"user-2"}')
    await under.addMapper('photos', { sidecar: '{name}.json', oldVersions: { deleteAfterDays: 7 } })
    await under.addMatches(['user-1'])
    const { id } = await under.start()
    expect(await under.settle(id, { world: world() })).toMatchObject({ state: 'COMPLETED', error: null })
    expect(versions()).toContain('photos/a: hers')
    await sql`UPDATE tasks SET not_before = now() WHERE phase = 'CLEANUP'`.execute(state.db)
    const worker = makeWorker(world(), { leaseMs: 60_000 })
    expect(await worker.workOnce()).toBe(true)
    expect(versions()).toEqual(['photos/b: his', 'photos/b.json: {"user_id":"user-2"}'])
  })
})
