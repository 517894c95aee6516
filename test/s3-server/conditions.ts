import type { StoredVersion } from './bucket.ts'
import { S3Error } from './s3-error.ts'

type Headers = Readonly<Record<string, string>>

const unquoted = (etag: string): string => etag.replace(/^"(.*)"$/, '$1')

/** RFC 9110, section 13, as far as S3 goes: on a read. */
export function checkRead(version: StoredVersion, headers: Headers): void {
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined && ifMatch !== '*' && unquoted(ifMatch) !== version.etag) {
    throw new S3Error(412, 'PreconditionFailed')
  }
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && (ifNoneMatch === '*' || unquoted(ifNoneMatch) === version.etag)) {
    throw new S3Error(304, 'NotModified')
  }
}

/** Conditions of a write or a delete on what the key names now. */
export function checkWrite(current: StoredVersion | undefined, headers: Headers): void {
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined) {
    if (current === undefined) throw new S3Error(404, 'NoSuchKey')
    if (unquoted(ifMatch) !== current.etag) throw new S3Error(412, 'PreconditionFailed')
  }
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch === undefined) return
  if (ifNoneMatch !== '*') throw new S3Error(501, 'NotImplemented')
  if (current !== undefined) throw new S3Error(412, 'PreconditionFailed')
}

/** Conditions on the source of a copy. */
export function checkCopySource(source: StoredVersion, headers: Headers): void {
  const ifMatch = headers['x-amz-copy-source-if-match']
  if (ifMatch !== undefined && unquoted(ifMatch) !== source.etag) throw new S3Error(412, 'PreconditionFailed')
  const ifNoneMatch = headers['x-amz-copy-source-if-none-match']
  if (ifNoneMatch !== undefined && unquoted(ifNoneMatch) === source.etag) throw new S3Error(412, 'PreconditionFailed')
}
