import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bucket } from '../s3-server/bucket.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { lines, people, runLethe } from './run-lethe.ts'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.start()
})
afterAll(() => server[Symbol.asyncDispose]())

let made = 0
function makeBucket(options: Parameters<S3Server['makeBucket']>[1] = {}): { name: string; bucket: Bucket } {
  made += 1
  const name = `lake-${made}`
  return { name, bucket: server.makeBucket(name, options) }
}

function put(bucket: Bucket, key: string, text: string, properties: Parameters<Bucket['put']>[2] = {}) {
  return bucket.put(key, { bytes: Buffer.from(text) }, properties)
}

function lethe(command: 'find' | 'erase', target: string, ...more: string[]) {
  const args = [command, target, '--endpoint', server.endpoint, '--match', `user=${people.ada}`, '--json', ...more]
  const { accessKeyId, secretAccessKey } = server.credentials
  return runLethe(args, { env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } })
}

const others = lines({ user: 'other', n: 1 })
const orders = lines({ user: people.ada, n: 2 }) + others
const textOf = (bucket: Bucket, key: string): string | undefined => bucket.current(key)?.bytes.toString()
const outcome = (stdout: string) =>
  (
    JSON.parse(stdout) as {
      objects: { uri: string; versionId?: string; status: string; reason: { code: string } | null }[]
    }
  ).objects.map(({ uri, versionId, status, reason }) => [uri, versionId, status, reason?.code])

describe('erase of s3:// targets', () => {
  test('leaves the rows out, keeps all that the object was, and tells what was moved', async () => {
    const { name, bucket } = makeBucket()
    const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', 'x-amz-meta-team': 'shop' }
    put(bucket, 'orders/date=1/a b+c.ndjson', orders, { headers, tags: new Map([['kind', 'orders']]) })
    put(bucket, 'orders/date=1/b.ndjson', others)
    const run = await lethe('erase', `s3://${name}/orders/`, '--yes')
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(textOf(bucket, 'orders/date=1/a b+c.ndjson')).toBe(others)
    const written = bucket.current('orders/date=1/a b+c.ndjson')!
    expect(written.headers).toEqual({ ...headers, 'x-amz-meta-lethe-task': expect.any(String) as string })
    expect(written.tags).toEqual(new Map([['kind', 'orders']]))
    const { s3, objects } = JSON.parse(run.stdout) as {
      s3: { requests: Record<string, number>; downloaded: number; uploaded: number }
      objects: object[]
    }
    expect(s3).toMatchObject({ requests: { PutObjectCommand: 1 }, uploaded: others.length, copied: 0 })
    expect(objects).toHaveLength(2)
    expect(bucket.current('orders/date=1/b.ndjson')!.headers).toEqual({})
  })

  test('deletes the old versions of exactly the key, and no neighbour', async () => {
    const { name, bucket } = makeBucket({ versioning: 'Enabled' })
    put(bucket, 'a.ndjson', orders)
    put(bucket, 'a.ndjson', orders)
    for (const text of [orders.replaceAll(people.ada, 'else'), others]) put(bucket, 'a.ndjson2.ndjson', text)
    expect(await lethe('erase', `s3://${name}/a.ndjson`, '--yes')).toMatchObject({ status: 0 })
    expect(bucket.versions('a.ndjson').map(({ bytes }) => bytes.toString())).toEqual([others])
    expect(bucket.versions('a.ndjson2.ndjson')).toHaveLength(2)
  })

  test('finds and deletes a version that holds rows though the current one does not, also below a delete marker', async () => {
    const { name, bucket } = makeBucket({ versioning: 'Enabled' })
    const old = put(bucket, 'a.ndjson', orders)
    const current = put(bucket, 'a.ndjson', others)
    const hidden = put(bucket, 'b.ndjson', orders)
    bucket.remove('b.ndjson')
    const run = await lethe('erase', `s3://${name}/`, '--yes')
    expect(outcome(run.stdout)).toEqual([
      [`s3://${name}/a.ndjson`, undefined, 'unchanged', undefined],
      [`s3://${name}/a.ndjson`, old.versionId, 'erased', undefined],
      [`s3://${name}/b.ndjson`, hidden.versionId, 'erased', undefined],
    ])
    expect(bucket.versions('a.ndjson')).toEqual([current])
    expect(bucket.versions('b.ndjson').map(({ kind }) => kind)).toEqual(['marker'])
  })

  test('keeps old versions where asked to, and says that the rows are still in them', async () => {
    const { name, bucket } = makeBucket({ versioning: 'Enabled' })
    put(bucket, 'a.ndjson', orders)
    const run = await lethe('erase', `s3://${name}/`, '--yes', '--old-versions', 'keep')
    const { objects } = JSON.parse(run.stdout) as { objects: { warnings: object[] }[] }
    expect(objects[0]!.warnings).toEqual([{ code: 'old-versions-kept', count: 1 }])
    expect(bucket.versions('a.ndjson')).toHaveLength(2)
  })

  test('removes an object that loses all rows with all its versions and markers', async () => {
    const { name, bucket } = makeBucket({ versioning: 'Enabled' })
    put(bucket, 'a.ndjson', lines({ user: people.ada }))
    expect(await lethe('erase', `s3://${name}/`, '--yes', '--empty', 'remove')).toMatchObject({ status: 0 })
    expect(bucket.keys()).toEqual([])
  })

  test('refuses what is locked, held or archived, by name and before any write', async () => {
    const { name, bucket } = makeBucket({ objectLock: true })
    const until = new Date(Date.now() + 86_400_000)
    const properties = { retention: { mode: 'COMPLIANCE', until } }
    bucket.put('locked.ndjson', { bytes: Buffer.from(orders), etag: 'e1' }, properties)
    bucket.put('held.ndjson', { bytes: Buffer.from(orders), etag: 'e2' }, { legalHold: true })
    put(bucket, 'cold.ndjson', orders, { headers: { 'x-amz-storage-class': 'GLACIER' } })
    const run = await lethe('erase', `s3://${name}/`, '--yes')
    expect(run.status).toBe(3)
    expect(outcome(run.stdout).map(([, , status, code]) => [status, code])).toEqual([
      ['refused', 'archived'],
      ['refused', 'locked'],
      ['refused', 'locked'],
    ])
    expect(run.stdout).toContain(until.toISOString().slice(0, 10))
    expect(bucket.keys().map((key) => bucket.versions(key).length)).toEqual([1, 1, 1])
  })

  test('says that a bucket is not there, and names no data where nothing is', async () => {
    const { name } = makeBucket()
    expect(await lethe('erase', `s3://${name}/none/`, '--yes')).toMatchObject({ status: 2, stdout: '' })
    expect(await lethe('find', 's3://no-such-bucket/')).toMatchObject({ status: 2 })
  })
})
