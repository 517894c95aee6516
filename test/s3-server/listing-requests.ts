import type { Bucket } from './bucket.ts'
import type { S3Response } from './s3-context.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { xmlDocument } from './xml.ts'

/** ListObjectsV2, ListObjectVersions and ListMultipartUploads, in pages of at most 1,000. */
export function answerListing(bucket: Bucket, request: S3Request): S3Response {
  const { query } = request
  if (query.has('versions')) return listVersions(bucket, request)
  if (query.has('uploads')) return listUploads(bucket, request)
  if (query.get('list-type') === '2') return listObjects(bucket, request)
  throw new S3Error(501, 'NotImplemented')
}

const pageSize = (query: URLSearchParams, name: string): number => Math.min(1000, Number(query.get(name) ?? 1000))
const encoder = (query: URLSearchParams) => (text: string) =>
  query.get('encoding-type') === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

function listObjects(bucket: Bucket, { query }: S3Request): S3Response {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const encode = encoder(query)
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()
  const entries: { name: string; isPrefix: boolean }[] = []
  for (const key of bucket.keys()) {
    if (!key.startsWith(prefix) || bucket.current(key) === undefined) continue
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const name = at === -1 ? key : key.slice(0, at + delimiter.length)
    if (byBytes(name, after) <= 0 || entries.at(-1)?.name === name) continue
    entries.push({ name, isPrefix: at !== -1 })
  }
  const page = entries.slice(0, pageSize(query, 'max-keys'))
  const isTruncated = page.length < entries.length
  const contents = page
    .filter(({ isPrefix }) => !isPrefix)
    .map(({ name }) => {
      const version = bucket.current(name)!
      return {
        Key: encode(name),
        LastModified: version.lastModified.toISOString(),
        ETag: `"${version.etag}"`,
        Size: version.bytes.length,
        StorageClass: version.headers['x-amz-storage-class'] ?? 'STANDARD',
      }
    })
  const prefixes = page.filter(({ isPrefix }) => isPrefix).map(({ name }) => ({ Prefix: encode(name) }))
  const next = isTruncated ? Buffer.from(page.at(-1)!.name).toString('base64url') : undefined
  return {
    status: 200,
    headers: {},
    body: xmlDocument('ListBucketResult', {
      IsTruncated: isTruncated,
      KeyCount: page.length,
      NextContinuationToken: next,
      EncodingType: query.get('encoding-type') ?? undefined,
      Contents: contents,
      CommonPrefixes: prefixes,
    }),
  }
}

function listVersions(bucket: Bucket, { query }: S3Request): S3Response {
  const prefix = query.get('prefix') ?? ''
  const encode = encoder(query)
  const keyMarker = query.get('key-marker') ?? ''
  const versionMarker = query.get('version-id-marker')
  const all = bucket
    .keys()
    .filter((key) => key.startsWith(prefix))
    .flatMap((key) => bucket.versions(key).map((version, index) => ({ key, version, isLatest: index === 0 })))
  const marked = all.findIndex(({ key, version }) => key === keyMarker && version.versionId === versionMarker)
  const rest =
    marked === -1 ? all.filter(({ key }) => byBytes(key, keyMarker) > 0 || keyMarker === '') : all.slice(marked + 1)
  const page = rest.slice(0, pageSize(query, 'max-keys'))
  const isTruncated = page.length < rest.length
  const last = page.at(-1)
  const entry = ({ key, version, isLatest }: (typeof page)[number]) => ({
    Key: encode(key),
    VersionId: version.versionId,
    IsLatest: isLatest,
    LastModified: version.lastModified.toISOString(),
    ...(version.kind === 'object' ? { ETag: `"${version.etag}"`, Size: version.bytes.length } : {}),
  })
  return {
    status: 200,
    headers: {},
    body: xmlDocument('ListVersionsResult', {
      IsTruncated: isTruncated,
      NextKeyMarker: isTruncated ? encode(last!.key) : undefined,
      NextVersionIdMarker: isTruncated ? last!.version.versionId : undefined,
      EncodingType: query.get('encoding-type') ?? undefined,
      Version: page.filter(({ version }) => version.kind === 'object').map(entry),
      DeleteMarker: page.filter(({ version }) => version.kind === 'marker').map(entry),
    }),
  }
}

function listUploads(bucket: Bucket, { query }: S3Request): S3Response {
  const prefix = query.get('prefix') ?? ''
  const encode = encoder(query)
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const all = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => byBytes(a.key, b.key) || byBytes(a.id, b.id))
    .filter(
      ({ key, id }) =>
        byBytes(key, keyMarker) > 0 ||
        (key === keyMarker && idMarker !== '' && byBytes(id, idMarker) > 0) ||
        keyMarker === '',
    )
  const page = all.slice(0, pageSize(query, 'max-uploads'))
  const isTruncated = page.length < all.length
  return {
    status: 200,
    headers: {},
    body: xmlDocument('ListMultipartUploadsResult', {
      IsTruncated: isTruncated,
      NextKeyMarker: isTruncated ? encode(page.at(-1)!.key) : undefined,
      NextUploadIdMarker: isTruncated ? page.at(-1)!.id : undefined,
      EncodingType: query.get('encoding-type') ?? undefined,
      Upload: page.map(({ key, id, initiated }) => ({
        Key: encode(key),
        UploadId: id,
        Initiated: initiated.toISOString(),
      })),
    }),
  }
}
