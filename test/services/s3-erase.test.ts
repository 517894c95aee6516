import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import type { S3Access } from '../../src/adapters/object-store/s3/s3-access.ts'
import { openLake } from '../../src/compose.ts'
import { bind } from '../../src/domain/predicate.ts'
import { erase } from '../../src/engine/erase.ts'
import { find } from '../../src/engine/find.ts'
import { serviceAddress } from '../service-address.ts'

const endpoint = serviceAddress('LETHE_S3_ENDPOINT')
const accessKeyId = serviceAddress('LETHE_S3_ACCESS_KEY')
const secretAccessKey = serviceAddress('LETHE_S3_SECRET_KEY')
process.env['AWS_ACCESS_KEY_ID'] = accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
})
afterAll(() => client.destroy())

const person = 'ada.lovelace-4711'
const row = (user: string, n: number, text = ''): string => `${JSON.stringify({ user, n, text })}\n`
const filler = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => row('other', from + index, 'x'.repeat(1000))).join('')
const objects = {
  'data/large.ndjson': { before: filler(0, 7000) + row(person, 1) + filler(7000, 14_000), after: filler(0, 14_000) },
  'data/small.ndjson': { before: row(person, 1) + row('other', 2), after: row('other', 2) },
}
const neighbour = 'data/small.ndjson2.ndjson'

let made = 0
async function makeLake(versioning: 'Off' | 'Enabled'): Promise<string> {
  made += 1
  const Bucket = `erase-${process.pid}-${Date.now().toString(36)}-${made}`
  await client.send(new CreateBucketCommand({ Bucket }))
  if (versioning === 'Enabled') {
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  }
  const put = (Key: string, Body: string) =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body,
        ContentType: 'application/x-ndjson',
        CacheControl: 'no-store',
        Metadata: { team: 'shop' },
        Tagging: 'kind=events',
      }),
    )
  for (const [key, { before }] of Object.entries(objects)) {
    await put(key, row(person, 0) + before.slice(0, 3000).replace(/[^\n]*$/, ''))
    await put(key, before)
  }
  for (const text of [row('other', 1), row('other', 2)]) await put(neighbour, text)
  return Bucket
}

async function eraseAll(Bucket: string, access: S3Access) {
  const target = `s3://${Bucket}/data/`
  const lake = await openLake([target], { s3: access })
  const predicate = bind([{ kind: 'simple', value: person, column: 'user', position: 0 }])
  const found = await find(lake, { targets: [target], predicate, malformed: 'refuse' })
  const sideEffects = await lake.store.sideEffects!([target])
  const { reports } = await erase(lake, { found, empty: 'keep', dryRun: false })
  return { reports, sideEffects, transfers: lake.store.transfers!() }
}

async function expectErased(Bucket: string): Promise<void> {
  for (const [Key, { after }] of Object.entries(objects)) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
    expect((await Body!.transformToString()) === after).toBe(true)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
    expect(head).toMatchObject({ ContentType: 'application/x-ndjson', CacheControl: 'no-store' })
    expect(head.Metadata).toEqual({ team: 'shop', 'lethe-task': expect.any(String) as string })
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }))
    expect(TagSet).toEqual([{ Key: 'kind', Value: 'events' }])
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }))
    expect(Uploads).toEqual([])
  }
}

describe(`an erase on ${process.env['LETHE_S3_SERVER'] ?? 'a real S3 server'}`, () => {
  test.each(['Off', 'Enabled'] as const)(
    'leaves the rows out and keeps the rest, with versioning %s',
    async (versioning) => {
      const Bucket = await makeLake(versioning)
      const { reports, sideEffects, transfers } = await eraseAll(Bucket, { endpoint })
      const current = reports.filter(({ versionId }) => versionId === undefined)
      expect(current.map(({ status }) => status)).toEqual(['erased', 'erased', 'unchanged'])
      expect(reports.filter(({ status }) => status === 'failed' || status === 'refused')).toEqual([])
      expect(sideEffects).toEqual([])
      await expectErased(Bucket)
      // Of the large object one part is copied; what is sent lies around the row.
      expect(transfers.copied).toBeGreaterThan(5_000_000)
      expect(transfers.uploaded).toBeLessThan(10_000_000)
      if (versioning === 'Off') return
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }))
      expect(Versions.map(({ Key }) => Key)).toEqual(['data/large.ndjson', 'data/small.ndjson', neighbour, neighbour])
      expect(DeleteMarkers).toEqual([])
    },
  )

  test('does the same again without finding anything', async () => {
    const Bucket = await makeLake('Enabled')
    await eraseAll(Bucket, { endpoint })
    const { reports } = await eraseAll(Bucket, { endpoint })
    expect(new Set(reports.map(({ status }) => status))).toEqual(new Set(['unchanged']))
  })

  const sts = process.env['LETHE_S3_STS_ENDPOINT']
  test.skipIf(sts === undefined)('under a role that is assumed (needs LETHE_S3_STS_ENDPOINT)', async () => {
    process.env['AWS_ENDPOINT_URL_STS'] = sts
    const Bucket = await makeLake('Off')
    const assumeRole = { arn: 'arn:aws:iam::000000000000:role/lethe', externalId: 'external' }
    const { reports } = await eraseAll(Bucket, { endpoint, assumeRole })
    expect(reports.map(({ status }) => status)).toEqual(['erased', 'erased', 'unchanged'])
    await expectErased(Bucket)
  })
})
