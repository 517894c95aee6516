import type { Bucket } from './bucket.ts'
import { answerListing } from './listing-requests.ts'
import type { S3Context, S3Response } from './s3-context.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { textOf, textsOf, xmlDocument } from './xml.ts'

/** Requests about a bucket. */
export function answerBucket(server: S3Context, request: S3Request): S3Response {
  const { method, query, body } = request
  if (method === 'PUT' && query.size === 0) {
    server.makeBucket(request.bucket, { objectLock: request.headers['x-amz-bucket-object-lock-enabled'] === 'true' })
    return { status: 200, headers: {} }
  }
  const bucket = server.bucket(request.bucket)
  if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } }
  for (const [name, xml] of bucket.configurations) {
    if (!query.has(name)) continue
    if (xml === 'denied') throw new S3Error(403, 'AccessDenied')
    return { status: 200, headers: {}, body: xml }
  }
  if (query.has('versioning')) return answerVersioning(bucket, request)
  if (query.has('object-lock')) {
    if (!bucket.objectLock) throw new S3Error(404, 'ObjectLockConfigurationNotFoundError')
    return { status: 200, headers: {}, body: xmlDocument('ObjectLockConfiguration', { ObjectLockEnabled: 'Enabled' }) }
  }
  if (query.has('notification')) return { status: 200, headers: {}, body: xmlDocument('NotificationConfiguration', {}) }
  if (query.has('lifecycle')) throw new S3Error(404, 'NoSuchLifecycleConfiguration')
  if (query.has('replication')) throw new S3Error(404, 'ReplicationConfigurationNotFoundError')
  if (query.has('location')) return { status: 200, headers: {}, body: xmlDocument('LocationConstraint', {}) }
  if (method === 'POST' && query.has('delete')) return removeMany(bucket, body.toString())
  if (method === 'GET') return answerListing(bucket, request)
  throw new S3Error(501, 'NotImplemented')
}

function answerVersioning(bucket: Bucket, { method, body }: S3Request): S3Response {
  if (method === 'PUT') {
    const status = textOf(body.toString(), 'Status')
    if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error(400, 'MalformedXML')
    if (status === 'Suspended' && bucket.objectLock) throw new S3Error(409, 'InvalidBucketState')
    bucket.versioning = status
    return { status: 200, headers: {} }
  }
  const factor = bucket.mfaDelete ? { MfaDelete: 'Enabled' } : {}
  const status = bucket.versioning === 'Off' ? {} : { Status: bucket.versioning, ...factor }
  return { status: 200, headers: {}, body: xmlDocument('VersioningConfiguration', status) }
}

function removeMany(bucket: Bucket, xml: string): S3Response {
  const objects = textsOf(xml, 'Object').map((object) => ({
    key: textOf(object, 'Key')!,
    versionId: textOf(object, 'VersionId'),
  }))
  if (objects.length > 1000) throw new S3Error(400, 'MalformedXML')
  const deleted = []
  const errors = []
  for (const { key, versionId } of objects) {
    try {
      if (versionId === undefined) bucket.remove(key)
      else bucket.removeVersion(key, versionId, { bypassGovernance: false, now: new Date() })
      deleted.push({ Key: key, VersionId: versionId })
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      errors.push({ Key: key, VersionId: versionId, Code: error.code, Message: error.code })
    }
  }
  return { status: 200, headers: {}, body: xmlDocument('DeleteResult', { Deleted: deleted, Error: errors }) }
}
