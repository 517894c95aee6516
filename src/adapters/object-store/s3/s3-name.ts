import { LetheError } from '../../../domain/error.ts'

/** An object's or a folder's place: `bucket/key`, which is the store's key for it; `s3://bucket/key` to people. */
export interface S3Name {
  readonly bucket: string
  readonly key: string
}

const scheme = 's3://'

function isS3Target(target: string): boolean {
  return target.startsWith(scheme)
}

/** The place that a target `s3://bucket/...` begins at; what follows the bucket is taken as it is written. */
export function parseS3Target(target: string): S3Name {
  const name = parseS3Key(target.slice(scheme.length))
  if (isS3Target(target) && /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name.bucket)) return name
  throw new LetheError('invalid-argument', 'a target s3://BUCKET/KEY has no valid bucket name')
}

export function parseS3Key(key: string): S3Name {
  const at = key.indexOf('/')
  return at === -1 ? { bucket: key, key: '' } : { bucket: key.slice(0, at), key: key.slice(at + 1) }
}

export function storeKey({ bucket, key }: S3Name): string {
  return `${bucket}/${key}`
}

export function s3Uri(name: S3Name): string {
  return scheme + storeKey(name)
}

/** The header `x-amz-copy-source`, percent-encoded but for the slashes. */
export function copySourceOf({ bucket, key }: S3Name, versionId: string | undefined): string {
  const path = storeKey({ bucket, key }).split('/').map(encodeURIComponent).join('/')
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`
}
