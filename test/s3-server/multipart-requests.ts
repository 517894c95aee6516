import { createHash, randomBytes } from 'node:crypto'
import type { Bucket, Upload } from './bucket.ts'
import { checksum, checksumAlgorithms, checksumHeader, md5 } from './checksum.ts'
import { checkWrite } from './conditions.ts'
import { copySource, rangeOf, storedChecksum, versionHeaders } from './object-requests.ts'
import { checksumHeaders, propertiesOf } from './properties.ts'
import type { S3Context, S3Response } from './s3-context.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { textOf, textsOf, xmlDocument } from './xml.ts'

/** Requests of a multipart upload. */
export function answerMultipart(server: S3Context, bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const { method, query } = request
  if (method === 'POST' && query.has('uploads')) return create(bucket, request)
  const upload = bucket.uploads.get(query.get('uploadId') ?? '')
  if (upload === undefined || upload.key !== request.key) throw new S3Error(404, 'NoSuchUpload')
  if (method === 'PUT') return putPart(server, upload, request)
  if (method === 'POST') return complete(server, bucket, upload, request)
  if (method === 'DELETE') {
    bucket.uploads.delete(upload.id)
    return { status: 204, headers: {} }
  }
  const part = [...upload.parts]
    .sort(([a], [b]) => a - b)
    .map(([number, { bytes, etag }]) => ({
      PartNumber: number,
      ETag: `"${etag}"`,
      Size: bytes.length,
    }))
  return { status: 200, headers: {}, body: xmlDocument('ListPartsResult', { IsTruncated: false, Part: part }) }
}

function create(bucket: Bucket, request: S3Request & { key: string }): S3Response {
  const { key, headers } = request
  const checksumAlgorithm = checksumAlgorithms.find((one) => one === headers['x-amz-checksum-algorithm'])
  const id = randomBytes(12).toString('hex')
  const properties = { ...propertiesOf(request, bucket), checksum: undefined }
  bucket.uploads.set(id, { id, key, initiated: new Date(), properties, checksumAlgorithm, parts: new Map() })
  const result = { Bucket: request.bucket, Key: key, UploadId: id }
  return { status: 200, headers: {}, body: xmlDocument('InitiateMultipartUploadResult', result) }
}

function putPart(server: S3Context, upload: Upload, request: S3Request): S3Response {
  const number = Number(request.query.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Error(400, 'InvalidArgument')
  if (request.headers['x-amz-copy-source'] === undefined) {
    const etag = md5(request.body)
    upload.parts.set(number, { bytes: request.body, etag })
    const sum = request.checksum
    const answer = sum === undefined ? {} : { [checksumHeader(sum.algorithm)]: sum.value }
    return { status: 200, headers: { etag: `"${etag}"`, ...answer } }
  }
  if (upload.checksumAlgorithm !== undefined && server.ignores('copied-part-checksums')) {
    throw new S3Error(400, 'InvalidArgument')
  }
  const source = copySource(server, request)
  const range = request.headers['x-amz-copy-source-range']
  const { start, end } =
    range === undefined ? { start: 0, end: source.bytes.length } : copyRange(range, source.bytes.length)
  const bytes = source.bytes.subarray(start, end)
  const etag = md5(bytes)
  upload.parts.set(number, { bytes, etag })
  const sum = upload.checksumAlgorithm
  const result = {
    ETag: `"${etag}"`,
    LastModified: new Date().toISOString(),
    ...(sum === undefined ? {} : { [`Checksum${sum}`]: checksum(sum, bytes) }),
  }
  return { status: 200, headers: {}, body: xmlDocument('CopyPartResult', result) }
}

/** Of a copied part both ends must be given and lie in the source. */
function copyRange(header: string, size: number): { start: number; end: number } {
  const parts = /^bytes=([0-9]+)-([0-9]+)$/.exec(header)
  if (parts === null || Number(parts[2]) >= size) throw new S3Error(400, 'InvalidArgument')
  return rangeOf(header, size)!
}

function complete(server: S3Context, bucket: Bucket, upload: Upload, request: S3Request & { key: string }): S3Response {
  const listed = textsOf(request.body.toString(), 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: textOf(part, 'ETag')!.replaceAll('"', ''),
  }))
  if (listed.length === 0) throw new S3Error(400, 'MalformedXML')
  if (listed.some(({ number }, index) => index > 0 && listed[index - 1]!.number >= number)) {
    throw new S3Error(400, 'InvalidPartOrder')
  }
  listed.forEach(({ number, etag }, index) => {
    const part = upload.parts.get(number)
    if (part === undefined || part.etag !== etag) throw new S3Error(400, 'InvalidPart')
    if (index < listed.length - 1 && part.bytes.length < server.minPartBytes) throw new S3Error(400, 'EntityTooSmall')
  })
  if (!server.ignores('complete-conditions')) checkWrite(bucket.current(upload.key), request.headers)
  const parts = listed.map(({ number }) => upload.parts.get(number)!)
  const bytes = Buffer.concat(parts.map((part) => part.bytes))
  const stored = storedChecksum(bytes, upload.checksumAlgorithm ?? 'CRC64NVME')
  const expected = request.headers[checksumHeader(stored.algorithm)]
  if (expected !== undefined && expected !== stored.value) throw new S3Error(400, 'BadDigest')
  const etag = `${createHash('md5')
    .update(Buffer.from(parts.map((part) => part.etag).join(''), 'hex'))
    .digest('hex')}-${parts.length}`
  const version = bucket.put(upload.key, { bytes, etag }, { ...upload.properties, checksum: stored })
  bucket.uploads.delete(upload.id)
  const result = { Bucket: request.bucket, Key: upload.key, ETag: `"${etag}"` }
  const headers = { ...versionHeaders(bucket, version), ...checksumHeaders(version) }
  return { status: 200, headers, body: xmlDocument('CompleteMultipartUploadResult', result) }
}
