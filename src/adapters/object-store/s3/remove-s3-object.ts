import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CommitOptions, ObjectVersion } from '../../../ports/object-store.ts'
import { commit } from './commit.ts'
import { requireMarkerOnTopOf } from './direct-successor.ts'
import { headIfThere, isSameVersion, requirePinned, versionOf } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import { isS3Error, statusOf } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'

/**
 * Removes the object if it is still the pinned version. Where the bucket keeps versions, that puts a delete marker on
 * top of them: they are deleted by their ids afterwards.
 */
export async function removeS3Object(
  clients: S3Clients,
  name: S3Name,
  pinned: ObjectVersion,
  options: CommitOptions = {},
): Promise<void> {
  await requirePinned(clients, name, pinned, options)
  const { markerId } = await commit<Removed>({
    ...options,
    attempt: () => deleteIf(clients, name, pinned),
    async findApplied() {
      const head = await headIfThere(clients, name)
      if (head === undefined) return { markerId: undefined }
      if (isSameVersion(versionOf(head), pinned)) return undefined
      throw new LetheError('object-changed', 'another writer replaced the object while it was removed')
    },
  })
  await requireMarkerOnTopOf(clients, name, { markerId, pinned })
}

interface Removed {
  /** Of the delete marker that the request has put on top, where versions are kept and the answer came. */
  readonly markerId: string | undefined
}

/** Some servers know no conditional delete: then the look right before it is all there is. */
async function deleteIf(
  { commits, common }: S3Clients,
  { bucket, key }: S3Name,
  { token }: ObjectVersion,
): Promise<Removed> {
  const object = { Bucket: bucket, Key: key, ...common }
  try {
    const { VersionId } = await commits.send(new DeleteObjectCommand({ ...object, IfMatch: token }))
    return { markerId: VersionId }
  } catch (error) {
    if (!isS3Error(error, 'NotImplemented') && statusOf(error) !== 501) throw error
    const { VersionId } = await commits.send(new DeleteObjectCommand(object))
    return { markerId: VersionId }
  }
}
