import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { S3Server } from '../../../../test/s3-server/s3-server.ts'
import { makeTemporaryFolder } from '../../../../test/temporary-folder.ts'
import { makeEdit } from '../../../formats/edit.ts'
import { bytesSource } from '../../../formats/range-source.ts'
import type { ObjectStore } from '../../../ports/object-store.ts'
import { s3Limits } from './plan-parts.ts'
import type { S3Access } from './s3-access.ts'
import { makeS3Store } from './s3-store.ts'

const minPartBytes = 1024
const server = await S3Server.start({ minPartBytes })
process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
const client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true })
afterAll(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
})

let made = 0
const makeStore = (access: S3Access = {}): ObjectStore =>
  makeS3Store({ endpoint: server.endpoint, ...access }, { limits: { ...s3Limits, minPartBytes } })

const sizes = { 'by one request': 600, 'in parts': 5000 }
const key = 'folder/a b'

/** Puts an object by the official client and has its bytes 10 to 20 left out by the store. */
async function rewrite(
  input: Omit<PutObjectCommandInput, 'Bucket' | 'Key'>,
  { size, access = {}, objectLock = false }: { size: number; access?: S3Access; objectLock?: boolean },
) {
  made += 1
  const Bucket = `kept-${made}`
  const bucket = server.makeBucket(Bucket, { objectLock, versioning: 'Enabled' })
  await client.send(new PutObjectCommand({ Bucket, Key: key, Body: Buffer.alloc(size, 'x'), ...input }))
  const before = bucket.current(key)!
  const store = makeStore(access)
  await store.preflight(`${Bucket}/${key}`, { before: 'rewrite' })
  await using source = await store.open(`${Bucket}/${key}`)
  const pieces = [
    { from: 'source' as const, start: 0, end: size - 20 },
    { from: 'source' as const, start: size - 10, end: size },
  ]
  const edit = makeEdit(pieces, { spool: bytesSource(new Uint8Array(0)), rowsBefore: 1, rowsErased: 1 })
  await store.write(`${Bucket}/${key}`, { source, edit, condition: { unchanged: source.version } })
  const after = bucket.current(key)!
  expect(after.versionId).not.toBe(before.versionId)
  expect(after.bytes).toHaveLength(size - 10)
  expect(after.etag.includes('-')).toBe(size > minPartBytes)
  return { before, after, Bucket, bucket }
}

const properties: Readonly<Record<string, Omit<PutObjectCommandInput, 'Bucket' | 'Key'>>> = {
  'content type': { ContentType: 'application/vnd.apache.parquet' },
  'content encoding': { ContentEncoding: 'gzip' },
  'content disposition': { ContentDisposition: 'attachment; filename="a.csv"' },
  'content language': { ContentLanguage: 'de-CH' },
  'cache control': { CacheControl: 'max-age=60, private' },
  expires: { Expires: new Date('2030-01-02T03:04:05Z') },
  'user metadata': { Metadata: { team: 'shop', empty: '', 'with-dash': 'a, b = c' } },
  tags: { Tagging: 'kind=orders&owner=a%20b&odd=%2B%3D%2F' },
  'no storage class': {},
  'a storage class': { StorageClass: 'STANDARD_IA' },
  'a grant to everybody': { ACL: 'public-read' },
  'grants to accounts': { GrantRead: 'id="one", id="two"', GrantReadACP: 'id="one"', GrantFullControl: 'id="owner"' },
  'SSE-S3': { ServerSideEncryption: 'AES256' },
  'SSE-KMS with key and bucket key': {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: 'arn:aws:kms:eu-central-1:111122223333:key/1234',
    BucketKeyEnabled: true,
  },
  'website redirect': { WebsiteRedirectLocation: '/elsewhere' },
}

describe.each(Object.entries(sizes))('an object that is written %s keeps', (_, size) => {
  test.each(Object.entries(properties))('%s', async (_name, input) => {
    const { before, after } = await rewrite(input, { size })
    const { 'x-amz-meta-lethe-task': task, ...headers } = after.headers
    expect(task).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers).toEqual(before.headers)
    expect(after.tags).toEqual(before.tags)
    expect(new Set(after.grants)).toEqual(new Set(before.grants))
  })

  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'the checksum algorithm %s',
    async (algorithm) => {
      const { after } = await rewrite({ ChecksumAlgorithm: algorithm }, { size })
      expect(after.checksum?.algorithm).toBe(algorithm)
    },
  )

  test('a key of the customer', async () => {
    await using folder = await makeTemporaryFolder()
    const bytes = createHash('sha256').update('key').digest()
    const customerKeyFile = join(folder.root, 'key')
    writeFileSync(customerKeyFile, bytes.toString('base64'))
    const customerKey = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: bytes.toString('base64') }
    const { before, after, Bucket } = await rewrite(customerKey, { size, access: { customerKeyFile } })
    const md5 = 'x-amz-server-side-encryption-customer-key-md5'
    expect(after.headers[md5]).toBe(before.headers[md5])
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: key, ...customerKey }))
    expect(head.ContentLength).toBe(size - 10)
  })

  test('nothing of a retention that is over, which no write may name', async () => {
    made += 1
    const over = { mode: 'COMPLIANCE', until: new Date(Date.now() - 1000) }
    const bucket = server.makeBucket(`lock-${made}`, { objectLock: true })
    const bytes = Buffer.alloc(size, 'x')
    bucket.put(key, { bytes, etag: 'e' }, { retention: over })
    const store = makeStore()
    await store.preflight(`lock-${made}/${key}`, { before: 'rewrite' })
    await using source = await store.open(`lock-${made}/${key}`)
    const edit = makeEdit([{ from: 'source', start: 0, end: size - 1 }], {
      spool: bytesSource(new Uint8Array(0)),
      rowsBefore: 1,
      rowsErased: 1,
    })
    await store.write(`lock-${made}/${key}`, { source, edit, condition: { unchanged: source.version } })
    expect(bucket.current(key)).toMatchObject({ retention: undefined, legalHold: false })
  })
})

describe('what cannot be kept, or would keep an old version, is refused before a write', () => {
  const preflight = async (
    prepare: (bucket: ReturnType<S3Server['makeBucket']>, Bucket: string) => Promise<void> | void,
    options = {},
  ) => {
    made += 1
    const Bucket = `refused-${made}`
    const bucket = server.makeBucket(Bucket, options)
    await prepare(bucket, Bucket)
    return await makeStore().preflight(`${Bucket}/${key}`, { before: 'rewrite' })
  }
  const put = (Bucket: string, input: object = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key: key, Body: 'x', ...input }))

  test('an Expires header that is no date', async () => {
    const prepare = async (bucket: ReturnType<S3Server['makeBucket']>) => {
      bucket.put(key, { bytes: Buffer.from('x'), etag: 'e' }, { headers: { expires: 'never' } })
    }
    await expect(preflight(prepare)).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('user metadata that leaves no room for one key', async () => {
    const prepare = async (_: unknown, Bucket: string) =>
      void (await put(Bucket, { Metadata: { a: 'x'.repeat(2020) } }))
    await expect(preflight(prepare)).rejects.toMatchObject({ code: 'limit-exceeded', outcome: 'refused' })
  })

  test('a legal hold, and a retention with its date', async () => {
    const hold = async (_: unknown, Bucket: string) => void (await put(Bucket, { ObjectLockLegalHoldStatus: 'ON' }))
    await expect(preflight(hold, { objectLock: true })).rejects.toMatchObject({ code: 'locked' })
    const until = new Date(Date.now() + 86_400_000)
    const retention = async (_: unknown, Bucket: string) =>
      void (await put(Bucket, { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until }))
    await expect(preflight(retention, { objectLock: true })).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(until.toISOString().slice(0, 10)) as string,
    })
  })

  test('MFA delete', async () => {
    const prepare = async (bucket: ReturnType<S3Server['makeBucket']>, Bucket: string) => {
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
      bucket.mfaDelete = true
      await put(Bucket)
    }
    await expect(preflight(prepare)).rejects.toMatchObject({ code: 'locked' })
  })

  test('a lock that may not be asked for', async () => {
    const prepare = async (bucket: ReturnType<S3Server['makeBucket']>, Bucket: string) => {
      bucket.configurations.set('object-lock', 'denied')
      await put(Bucket)
    }
    await expect(preflight(prepare)).rejects.toMatchObject({ code: 'permission-denied' })
  })

  test("and somebody else's unfinished upload is warned about, and no other key's", async () => {
    const prepare = async (_: unknown, Bucket: string) => {
      await put(Bucket)
      for (const Key of [key, `${key}2`]) await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    }
    expect(await preflight(prepare)).toEqual([{ code: 'unfinished-uploads', count: 1 }])
  })
})
