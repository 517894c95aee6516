import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CommitOptions, ObjectVersion } from '../../../ports/object-store.ts'
import { commit } from './commit.ts'
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
  await commit({
    ...options,
    attempt: () => deleteIf(clients, name, pinned),
    async findApplied() {
      const head = await headIfThere(clients, name)
      if (head === undefined) return true
      if (isSameVersion(versionOf(head), pinned)) return undefined
      throw new LetheError('object-changed', 'another writer replaced the object while it was removed')
    },
  })
}

/** Some servers know no conditional delete: then the look right before it is all there is. */
async function deleteIf(
  { commits, common }: S3Clients,
  { bucket, key }: S3Name,
  { token }: ObjectVersion,
): Promise<true> {
  const object = { Bucket: bucket, Key: key, ...common }
  try {
    await commits.send(new DeleteObjectCommand({ ...object, IfMatch: token }))
  } catch (error) {
    if (!isS3Error(error, 'NotImplemented') && statusOf(error) !== 501) throw error
    await commits.send(new DeleteObjectCommand(object))
  }
  return true
}
