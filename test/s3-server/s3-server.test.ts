import { createHash } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, test } from 'vitest'
import { checksum } from './checksum.ts'
import { S3Server } from './s3-server.ts'

const server = await S3Server.start()
const client = new S3Client({
  endpoint: server.endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: server.credentials,
  maxAttempts: 1,
})
afterAll(async () => {
  client.destroy()
  await server[Symbol.asyncDispose]()
})

let made = 0
function makeBucket(options: Parameters<S3Server['makeBucket']>[1] = {}): string {
  made += 1
  server.makeBucket(`bucket-${made}`, options)
  return `bucket-${made}`
}

const failure = (status: number, name: string) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: status }) })
const bodyOf = async (Bucket: string, Key: string, VersionId?: string): Promise<string> =>
  (
    await client.send(new GetObjectCommand({ Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }))
  ).Body!.transformToString()

// The check values of the catalogue of parametrised CRC algorithms, for the text 123456789.
test.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
] as const)('%s has its check value', (algorithm, value) => {
  expect(Buffer.from(checksum(algorithm, Buffer.from('123456789')), 'base64').toString('hex')).toBe(value)
})

describe('the S3 server, by the official client', () => {
  test('refuses a wrong secret', async () => {
    const credentials = { ...server.credentials, secretAccessKey: 'wrong' }
    const wrong = new S3Client({
      endpoint: server.endpoint,
      region: 'x',
      forcePathStyle: true,
      credentials,
      maxAttempts: 1,
    })
    const call = wrong.send(new ListObjectsV2Command({ Bucket: makeBucket() }))
    await expect(call).rejects.toEqual(failure(403, 'SignatureDoesNotMatch'))
    wrong.destroy()
  })

  test('keeps bytes, properties and tags of odd keys', async () => {
    const Bucket = makeBucket()
    const Key = 'a b/+%41..ü/\u{1f600}?x#"\\.json'
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'text',
        ContentType: 'application/json',
        CacheControl: 'no-store',
        Metadata: { owner: 'me' },
        Tagging: 'a=1&b=2',
        ACL: 'public-read',
      }),
    )
    expect(await bodyOf(Bucket, Key)).toBe('text')
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
    expect(head).toMatchObject({ ContentType: 'application/json', CacheControl: 'no-store', Metadata: { owner: 'me' } })
    const tags = await client.send(new GetObjectTaggingCommand({ Bucket, Key }))
    expect(tags.TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ])
    const acl = await client.send(new GetObjectAclCommand({ Bucket, Key }))
    expect(acl.Grants?.map(({ Permission }) => Permission)).toEqual(['FULL_CONTROL', 'READ'])
    expect(acl.Grants?.[1]?.Grantee?.URI).toMatch(/AllUsers$/)
    const listed = await client.send(new ListObjectsV2Command({ Bucket }))
    expect(listed.Contents?.map((object) => object.Key)).toEqual([Key])
  })

  test('keeps conditions of writes', async () => {
    const Bucket = makeBucket()
    const put = (condition: object) => client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...condition }))
    await expect(put({ IfMatch: '"e"' })).rejects.toEqual(failure(404, 'NoSuchKey'))
    const { ETag } = await put({ IfNoneMatch: '*' })
    await expect(put({ IfNoneMatch: '*' })).rejects.toEqual(failure(412, 'PreconditionFailed'))
    await expect(put({ IfMatch: '"wrong"' })).rejects.toEqual(failure(412, 'PreconditionFailed'))
    await put({ IfMatch: ETag! })
    const remove = client.send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch: '"wrong"' }))
    await expect(remove).rejects.toEqual(failure(412, 'PreconditionFailed'))
  })

  test('refuses a body whose checksum is another', async () => {
    const put = new PutObjectCommand({ Bucket: makeBucket(), Key: 'k', Body: 'x', ChecksumCRC32: 'AAAAAA==' })
    await expect(client.send(put)).rejects.toEqual(failure(400, 'BadDigest'))
  })

  test('knows versions, markers, and null versions while suspended', async () => {
    const Bucket = makeBucket({ versioning: 'Enabled' })
    const first = await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '1' }))
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '2' }))
    const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(marker.DeleteMarker).toBe(true)
    await expect(bodyOf(Bucket, 'k')).rejects.toEqual(failure(404, 'NoSuchKey'))
    expect(await bodyOf(Bucket, 'k', first.VersionId)).toBe('1')
    await expect(bodyOf(Bucket, 'k', marker.VersionId)).rejects.toEqual(failure(405, 'MethodNotAllowed'))
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId! }))
    expect(await bodyOf(Bucket, 'k')).toBe('2')
    server.bucket(Bucket).versioning = 'Suspended'
    for (const Body of ['3', '4']) await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body }))
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId === 'null', IsLatest])).toEqual([
      [true, true],
      [false, false],
      [false, false],
    ])
  })

  test('lists in pages, and versions too', async () => {
    const Bucket = makeBucket({ versioning: 'Enabled' })
    const bucket = server.bucket(Bucket)
    for (let index = 0; index < 1205; index += 1) {
      bucket.put(`p/${String(index % 402).padStart(4, '0')}`, { bytes: Buffer.alloc(0), etag: 'e' })
    }
    const keys: string[] = []
    for (let token: string | undefined; ; ) {
      const continuation = token === undefined ? {} : { ContinuationToken: token }
      const page = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 100, ...continuation }))
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!))
      if ((token = page.NextContinuationToken) === undefined) break
    }
    expect(keys).toEqual(bucket.keys())
    let versions = 0
    for (let marker: object = {}; ; ) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 100, ...marker }))
      versions += page.Versions?.length ?? 0
      if (page.IsTruncated !== true) break
      marker = { KeyMarker: page.NextKeyMarker!, VersionIdMarker: page.NextVersionIdMarker! }
    }
    expect(versions).toBe(1205)
  })

  test('makes an object of sent and copied parts, and keeps the conditions of each step', async () => {
    const Bucket = makeBucket()
    const source = Buffer.alloc(12 * 1024 ** 2, 'source bytes ')
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: source }))
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }))
    const part = { Bucket, Key: 'k', UploadId: UploadId! }
    const copy = (CopySourceRange: string, condition: object = {}) =>
      client.send(
        new UploadPartCopyCommand({ ...part, PartNumber: 1, CopySource: `${Bucket}/k`, CopySourceRange, ...condition }),
      )
    await expect(copy('bytes=0-99999999')).rejects.toEqual(failure(400, 'InvalidArgument'))
    await expect(copy('bytes=0-5242879', { CopySourceIfMatch: '"no"' })).rejects.toEqual(
      failure(412, 'PreconditionFailed'),
    )
    const copied = await copy('bytes=0-5242879', { CopySourceIfMatch: ETag! })
    const sent = await client.send(new UploadPartCommand({ ...part, PartNumber: 2, Body: 'end' }))
    const parts = [
      { PartNumber: 1, ETag: copied.CopyPartResult!.ETag! },
      { PartNumber: 2, ETag: sent.ETag! },
    ]
    const complete = (Parts: typeof parts, condition: object = {}) =>
      client.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts }, ...condition }))
    await expect(complete(parts.toReversed())).rejects.toEqual(failure(400, 'InvalidPartOrder'))
    await expect(complete([{ ...parts[0]!, ETag: '"no"' }])).rejects.toEqual(failure(400, 'InvalidPart'))
    await expect(complete(parts, { IfMatch: '"no"' })).rejects.toEqual(failure(412, 'PreconditionFailed'))
    const done = await complete(parts, { IfMatch: ETag! })
    const digests = [source.subarray(0, 5242880), Buffer.from('end')].map((bytes) =>
      createHash('md5').update(bytes).digest(),
    )
    expect(done.ETag).toBe(`"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-2"`)
    expect(await bodyOf(Bucket, 'k')).toBe(`${source.subarray(0, 5242880)}end`)
    await expect(complete(parts)).rejects.toEqual(failure(404, 'NoSuchUpload'))
  })

  test('refuses a part under 5 MiB that is not the last', async () => {
    const Bucket = makeBucket()
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }))
    const part = { Bucket, Key: 'k', UploadId: UploadId! }
    const Parts = []
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(new UploadPartCommand({ ...part, PartNumber, Body: 'small' }))
      Parts.push({ PartNumber, ETag: ETag! })
    }
    const complete = client.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts } }))
    await expect(complete).rejects.toEqual(failure(400, 'EntityTooSmall'))
  })

  test('deletes no version under retention or legal hold', async () => {
    const Bucket = makeBucket({ objectLock: true })
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const version = { Bucket, Key: 'k', VersionId: VersionId! }
    const remove = (more: object = {}) => client.send(new DeleteObjectCommand({ ...version, ...more }))
    await client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'ON' } }))
    await expect(remove({ BypassGovernanceRetention: true })).rejects.toEqual(failure(403, 'AccessDenied'))
    await client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'OFF' } }))
    const RetainUntilDate = new Date(Date.now() + 86_400_000)
    await client.send(new PutObjectRetentionCommand({ ...version, Retention: { Mode: 'GOVERNANCE', RetainUntilDate } }))
    await expect(remove()).rejects.toEqual(failure(403, 'AccessDenied'))
    await remove({ BypassGovernanceRetention: true })
    expect(server.bucket(Bucket).versions('k')).toEqual([])
  })
})
