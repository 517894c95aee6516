import type { Bucket, StoredChecksum, StoredVersion } from './bucket.ts'
import { checksum } from './checksum.ts'
import { checkCopySource, checkRead, checkWrite } from './conditions.ts'
import { checksumHeaders, grantsOfXml, headersOf, propertiesOf, tagsOfXml } from './properties.ts'
import type { S3Context, S3Response } from './s3-context.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { textOf, type XmlElement, xmlDocument } from './xml.ts'

/** Requests about one object that are no part of a multipart upload. */
export function answerObject(server: S3Context, bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const { method, query } = request
  if (query.has('tagging')) return answerTagging(bucket, request)
  if (query.has('acl')) return answerAcl(bucket, request)
  if (query.has('retention')) return answerRetention(bucket, request)
  if (query.has('legal-hold')) return answerLegalHold(bucket, request)
  if (query.has('attributes')) return answerAttributes(bucket, request)
  if (method === 'PUT' && request.headers['x-amz-copy-source'] !== undefined) return copy(server, bucket, request)
  if (method === 'PUT') return put(server, bucket, request)
  if (method === 'GET' || method === 'HEAD') return read(bucket, request)
  if (method === 'DELETE') return remove(server, bucket, request)
  throw new S3Error(405, 'MethodNotAllowed')
}

function put(server: S3Context, bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const { key, body, headers } = request
  if (!server.ignores('put-conditions')) checkWrite(bucket.current(key), headers)
  if (body.length > 5 * 1024 ** 3) throw new S3Error(400, 'EntityTooLarge')
  const stored = storedChecksum(body, request.checksum?.algorithm ?? 'CRC64NVME')
  const version = bucket.put(key, { bytes: body }, { ...propertiesOf(request, bucket), checksum: stored })
  return {
    status: 200,
    headers: { ...versionHeaders(bucket, version), etag: `"${version.etag}"`, ...checksumHeaders(version) },
  }
}

export function storedChecksum(bytes: Buffer, algorithm: StoredChecksum['algorithm']): StoredChecksum {
  return { algorithm, type: 'FULL_OBJECT', value: checksum(algorithm, bytes) }
}

/** The version that `x-amz-copy-source` names: `/bucket/key?versionId=...`, percent-encoded. */
export function copySource(server: S3Context, { headers }: S3Request): StoredVersion {
  const [path, query = ''] = headers['x-amz-copy-source']!.split('?', 2) as [string, string?]
  const [name, ...key] = decodeURIComponent(path).replace(/^\//, '').split('/')
  const source = server.bucket(name!).find(key.join('/'), new URLSearchParams(query).get('versionId'))
  if (isArchived(source)) throw new S3Error(403, 'InvalidObjectState')
  if (!server.ignores('copy-source-conditions')) checkCopySource(source, headers)
  return source
}

function copy(server: S3Context, bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const { key, headers } = request
  const source = copySource(server, request)
  checkWrite(bucket.current(key), headers)
  const given = propertiesOf(request, bucket)
  const version = bucket.put(
    key,
    { bytes: source.bytes },
    {
      ...given,
      headers: headers['x-amz-metadata-directive'] === 'REPLACE' ? given.headers : { ...source.headers },
      tags: headers['x-amz-tagging-directive'] === 'REPLACE' ? given.tags : source.tags,
      checksum: source.checksum,
    },
  )
  const result = { ETag: `"${version.etag}"`, LastModified: version.lastModified.toISOString() }
  return { status: 200, headers: versionHeaders(bucket, version), body: xmlDocument('CopyObjectResult', result) }
}

function read(bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const version = bucket.find(request.key, request.query.get('versionId'))
  checkRead(version, request.headers)
  requireCustomerKey(version, request)
  if (request.method === 'GET' && isArchived(version)) throw new S3Error(403, 'InvalidObjectState')
  const headers = { ...headersOf(version, request), ...versionHeaders(bucket, version) }
  const range = rangeOf(request.headers['range'], version.bytes.length)
  if (range === undefined) {
    return { status: 200, headers: { ...headers, 'content-length': String(version.bytes.length) }, body: version.bytes }
  }
  const body = version.bytes.subarray(range.start, range.end)
  const contentRange = `bytes ${range.start}-${range.end - 1}/${version.bytes.length}`
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange, 'content-length': String(body.length) },
    body,
  }
}

function isArchived({ headers }: StoredVersion): boolean {
  return ['GLACIER', 'DEEP_ARCHIVE'].includes(headers['x-amz-storage-class'] ?? '')
}

function requireCustomerKey(version: StoredVersion, { headers }: S3Request): void {
  const name = 'x-amz-server-side-encryption-customer-key-md5'
  if (version.headers[name] !== undefined && headers[name] === undefined) throw new S3Error(400, 'InvalidRequest')
  if (version.headers[name] !== headers[name]) throw new S3Error(403, 'AccessDenied')
}

export function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  if (header === undefined) return undefined
  const parts = /^bytes=([0-9]*)-([0-9]*)$/.exec(header)
  if (parts === null) return undefined
  const isSuffix = parts[1] === ''
  const start = isSuffix ? Math.max(0, size - Number(parts[2])) : Number(parts[1])
  const end = isSuffix || parts[2] === '' ? size : Math.min(size, Number(parts[2]) + 1)
  if (start >= size || end <= start) throw new S3Error(416, 'InvalidRange')
  return { start, end }
}

function remove(server: S3Context, bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const { key, query, headers } = request
  const versionId = query.get('versionId')
  const target =
    versionId === null ? bucket.current(key) : bucket.versions(key).find((one) => one.versionId === versionId)
  // S3 answers 204 for what is not there, unless a condition was set.
  if (headers['if-match'] !== undefined && !server.ignores('delete-conditions')) checkWrite(target, headers)
  if (versionId !== null) {
    const bypassGovernance = headers['x-amz-bypass-governance-retention'] === 'true'
    const removed = bucket.removeVersion(key, versionId, { bypassGovernance, now: new Date() })
    const marker = removed?.kind === 'marker' ? { 'x-amz-delete-marker': 'true' } : {}
    return { status: 204, headers: { 'x-amz-version-id': versionId, ...marker } }
  }
  const marker = bucket.remove(key)
  if (marker === undefined) return { status: 204, headers: {} }
  return { status: 204, headers: { ...versionHeaders(bucket, marker), 'x-amz-delete-marker': 'true' } }
}

export function versionHeaders(bucket: Bucket, version: StoredVersion): Record<string, string> {
  return bucket.versioning === 'Off' ? {} : { 'x-amz-version-id': version.versionId }
}

function answerTagging(bucket: Bucket, { method, key, query, body }: S3Request & { key: string }): S3Response {
  const version = bucket.find(key, query.get('versionId'))
  if (method === 'GET') {
    const tags = [...version.tags].map(([name, value]) => ({ Key: name, Value: value }))
    return { status: 200, headers: {}, body: xmlDocument('Tagging', { TagSet: { Tag: tags } }) }
  }
  version.tags = method === 'DELETE' ? new Map() : tagsOfXml(body.toString())
  return { status: method === 'DELETE' ? 204 : 200, headers: {} }
}

function answerAcl(bucket: Bucket, { method, key, query, body }: S3Request & { key: string }): S3Response {
  const version = bucket.find(key, query.get('versionId'))
  if (method === 'PUT') {
    version.grants = grantsOfXml(body.toString())
    return { status: 200, headers: {} }
  }
  const grant = version.grants.map(({ grantee, permission }): XmlElement => {
    const uri = grantee.startsWith('uri:') ? grantee.slice(4) : undefined
    const who = uri === undefined ? { ID: grantee } : { URI: `http://acs.amazonaws.com/groups/global/${uri}` }
    return { Grantee: who, Permission: permission }
  })
  const policy = xmlDocument('AccessControlPolicy', { Owner: { ID: 'owner' }, AccessControlList: { Grant: grant } })
  const type = (xml: string): string =>
    xml
      .replaceAll(
        '<Grantee><URI>',
        '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>',
      )
      .replaceAll(
        '<Grantee><ID>',
        '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>',
      )
  return { status: 200, headers: {}, body: type(policy) }
}

function answerRetention(bucket: Bucket, { method, key, query, body }: S3Request & { key: string }): S3Response {
  const version = bucket.find(key, query.get('versionId'))
  if (!bucket.objectLock) throw new S3Error(400, 'InvalidRequest')
  if (method === 'PUT') {
    version.retention = {
      mode: textOf(body.toString(), 'Mode')!,
      until: new Date(textOf(body.toString(), 'RetainUntilDate')!),
    }
    return { status: 200, headers: {} }
  }
  if (version.retention === undefined) throw new S3Error(404, 'NoSuchObjectLockConfiguration')
  const { mode, until } = version.retention
  return {
    status: 200,
    headers: {},
    body: xmlDocument('Retention', { Mode: mode, RetainUntilDate: until.toISOString() }),
  }
}

function answerLegalHold(bucket: Bucket, { method, key, query, body }: S3Request & { key: string }): S3Response {
  const version = bucket.find(key, query.get('versionId'))
  if (!bucket.objectLock) throw new S3Error(400, 'InvalidRequest')
  if (method === 'PUT') {
    version.legalHold = textOf(body.toString(), 'Status') === 'ON'
    return { status: 200, headers: {} }
  }
  return { status: 200, headers: {}, body: xmlDocument('LegalHold', { Status: version.legalHold ? 'ON' : 'OFF' }) }
}

function answerAttributes(bucket: Bucket, { key, query }: S3Request & { key: string }): S3Response {
  const version = bucket.find(key, query.get('versionId'))
  const sum = version.checksum
  const content = {
    ETag: version.etag,
    ObjectSize: version.bytes.length,
    ...(sum === undefined ? {} : { Checksum: { [`Checksum${sum.algorithm}`]: sum.value, ChecksumType: sum.type } }),
  }
  return {
    status: 200,
    headers: versionHeaders(bucket, version),
    body: xmlDocument('GetObjectAttributesOutput', content),
  }
}
