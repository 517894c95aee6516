import { DeleteObjectCommand, GetBucketVersioningCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import { headIfThere } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, statusOf } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'

/** One version of an object, or a delete marker, as a listing of versions tells it. */
export interface ListedVersion {
  readonly key: string
  readonly versionId: string
  readonly isMarker: boolean
  readonly isCurrent: boolean
  readonly sizeBytes: number
}

/** Every version and delete marker of the keys that begin with a prefix; of a key's versions the newest first. */
export async function* listVersions(
  clients: S3Clients,
  { bucket, key: prefix }: S3Name,
  { signal }: CallOptions = {},
): AsyncGenerator<ListedVersion> {
  let from: { KeyMarker?: string; VersionIdMarker?: string } = {}
  for (;;) {
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...from, ...clients.common })
    const page = await clients.reads.send(command, abortable(signal))
    const listed = [
      ...(page.Versions ?? []).map((version) => ({ ...version, isMarker: false })),
      ...(page.DeleteMarkers ?? []).map((marker) => ({ ...marker, isMarker: true, Size: 0 })),
    ]
    // A page has its versions first and then its markers.
    listed.sort((a, b) => Buffer.compare(Buffer.from(a.Key!), Buffer.from(b.Key!)))
    for (const { Key, VersionId, IsLatest, Size, isMarker } of listed) {
      yield { key: Key!, versionId: VersionId!, isMarker, isCurrent: IsLatest === true, sizeBytes: Size ?? 0 }
    }
    if (page.IsTruncated !== true) return
    from = {
      KeyMarker: page.NextKeyMarker!,
      ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
    }
  }
}

/**
 * Whether a bucket keeps old versions, or ever did. Where that may not be asked, or the server does not know the
 * question, it may.
 */
export async function mayHaveVersions(
  { reads, common }: S3Clients,
  bucket: string,
  { signal }: CallOptions = {},
): Promise<boolean> {
  try {
    const { Status } = await reads.send(
      new GetBucketVersioningCommand({ Bucket: bucket, ...common }),
      abortable(signal),
    )
    return Status !== undefined
  } catch (error) {
    const known = asS3Error(error, signal)
    // A bucket that is not there has nothing to list, and the listing of current objects says so.
    if (known.code === 'object-missing') return false
    if (known.code === 'permission-denied' || statusOf(error) === 501) return true
    throw known
  }
}

/** The versions of exactly one key: others only begin with the same characters. */
export async function* versionsOf(
  clients: S3Clients,
  name: S3Name,
  options: CallOptions = {},
): AsyncGenerator<ListedVersion> {
  for await (const version of listVersions(clients, name, options)) {
    if (version.key === name.key) yield version
    else if (version.key > name.key) return
  }
}

/**
 * Deletes a version for good, unless it is the current one: somebody may have made it that since it was listed, by
 * deleting what lay above it, or by writing the `null` version of a bucket whose versioning is suspended.
 *
 * @throws LetheError `object-changed`
 */
export async function deleteOldVersion(
  clients: S3Clients,
  name: S3Name,
  versionId: string,
  options: CallOptions = {},
): Promise<void> {
  const current = await headIfThere(clients, name, options)
  if (current !== undefined && (current.VersionId ?? 'null') === versionId) {
    throw new LetheError('object-changed', 'an old version has become the current one')
  }
  await deleteVersion(clients, name, versionId)
}

/** Deletes one version, or one delete marker, for good. One that is gone already is no error. */
export async function deleteVersion(clients: S3Clients, { bucket, key }: S3Name, versionId: string): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId, ...clients.common })
  try {
    // By its id a version is deleted once, however often it is asked for: this may be repeated blindly.
    await clients.reads.send(command)
  } catch (error) {
    const known = asS3Error(error)
    if (known.code === 'object-missing') return
    if (known.code !== 'permission-denied') throw known
    throw new LetheError(
      'locked',
      'an old version may not be deleted: object lock, legal hold, or a missing permission',
      {
        cause: error,
      },
    )
  }
}
