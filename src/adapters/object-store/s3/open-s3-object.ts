import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions, ObjectVersion, OpenObject, OpenOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import { RangeCache } from './range-cache.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'
import { customerKeyOf } from './server-side-encryption.ts'

export interface HeadOptions extends CallOptions {
  readonly versionId?: string
}

/** HeadObject, with checksums. @throws LetheError `object-missing` */
export async function headObject(
  clients: S3Clients,
  { bucket, key }: S3Name,
  { versionId, signal }: HeadOptions = {},
): Promise<HeadObjectCommandOutput> {
  try {
    const command = new HeadObjectCommand({
      Bucket: bucket,
      Key: key,
      ChecksumMode: 'ENABLED',
      ...(versionId === undefined ? {} : { VersionId: versionId }),
      ...customerKeyOf(clients),
      ...clients.common,
    })
    return await clients.reads.send(command, abortable(signal))
  } catch (error) {
    throw asS3Error(error, signal)
  }
}

export function versionOf({ ETag, VersionId }: Pick<HeadObjectCommandOutput, 'ETag' | 'VersionId'>): ObjectVersion {
  if (ETag === undefined) throw new LetheError('io', 'the store answered without an ETag')
  return { token: ETag, ...(VersionId === undefined ? {} : { versionId: VersionId }) }
}

export function isSameVersion(a: ObjectVersion, b: ObjectVersion): boolean {
  return a.token === b.token && a.versionId === b.versionId
}

/** HeadObject, or undefined where there is no object. */
export async function headIfThere(
  clients: S3Clients,
  name: S3Name,
  options: CallOptions = {},
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await headObject(clients, name, options)
  } catch (error) {
    if (error instanceof LetheError && error.code === 'object-missing') return undefined
    throw error
  }
}

/** What the object is, if it is still the pinned version. @throws LetheError `object-changed` */
export async function requirePinned(
  clients: S3Clients,
  name: S3Name,
  pinned: ObjectVersion,
  options: CallOptions = {},
): Promise<HeadObjectCommandOutput> {
  const head = await headIfThere(clients, name, options)
  if (head !== undefined && isSameVersion(versionOf(head), pinned)) return head
  throw new LetheError('object-changed', 'the object is not the version any more that the edit was made from')
}

/** Pins the present version, or the one that is asked for: every read names its ETag, and its id where it has one. */
export async function openS3Object(
  clients: S3Clients,
  name: S3Name,
  { reads = 'once', ...options }: OpenOptions = {},
): Promise<OpenObject> {
  const head = await headObject(clients, name, options)
  requireReadable(head)
  const version = versionOf(head)
  const pin = { IfMatch: version.token, ...(version.versionId === undefined ? {} : { VersionId: version.versionId }) }
  const sizeBytes = head.ContentLength ?? 0
  const cache = new RangeCache((start, end, signal) => readRange(clients, { name, pin, start, end }, signal), {
    sizeBytes,
    reads,
  })
  return {
    size: sizeBytes,
    version,
    async read(start, end, readOptions = {}) {
      try {
        return await cache.read(start, end, readOptions)
      } catch (error) {
        throw asS3Error(error, readOptions.signal)
      }
    },
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
  }
}

/** Storage classes whose objects must be restored before they can be read. */
const archiveClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE'])

function requireReadable({ StorageClass, Restore, ArchiveStatus }: HeadObjectCommandOutput): void {
  const isArchived = archiveClasses.has(StorageClass ?? '') || ArchiveStatus !== undefined
  const isRestored = Restore?.includes('ongoing-request="false"') === true
  if (!isArchived || isRestored) return
  const what = ArchiveStatus ?? StorageClass!
  throw new LetheError('archived', `lies in the archive class ${what}; restore it, then run again`)
}

interface RangeRead {
  readonly name: S3Name
  readonly pin: { readonly IfMatch: string; readonly VersionId?: string }
  readonly start: number
  readonly end: number
}

/** How often a range whose answer broke off is asked for again; the SDK itself repeats what broke before the answer. */
const maxReads = 4

async function readRange(
  clients: S3Clients,
  { name, pin, start, end }: RangeRead,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (start === end) return new Uint8Array(0)
  for (let attempt = 1; ; attempt += 1) {
    const command = new GetObjectCommand({
      Bucket: name.bucket,
      Key: name.key,
      Range: `bytes=${start}-${end - 1}`,
      ...pin,
      ...customerKeyOf(clients),
      ...clients.common,
    })
    try {
      const { Body, ETag } = await clients.reads.send(command, abortable(signal))
      // Not every server knows the condition.
      if (ETag !== pin.IfMatch) throw new LetheError('object-changed', 'the object is not the version any more')
      const bytes = await Body!.transformToByteArray()
      if (bytes.length === end - start) return bytes
      if (attempt === maxReads)
        throw new LetheError('io', 'the store answered with another number of bytes than asked for')
    } catch (error) {
      const known = asS3Error(error, signal)
      // The pinned version was there, and as long as it was: that it is not now is a change of the object.
      if (known.code === 'object-missing' || isS3Error(error, 'InvalidRange')) {
        throw new LetheError('object-changed', 'the version that was opened is gone', { cause: error })
      }
      if (!known.retryable || attempt === maxReads) throw known
    }
  }
}
