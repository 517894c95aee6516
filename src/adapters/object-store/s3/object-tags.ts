import { GetObjectTaggingCommand } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { VersionOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'

/** The tags of one version of an object. @throws LetheError `permission-denied`, which names the permission. */
export async function readTags(
  { reads, common }: Pick<S3Clients, 'reads' | 'common'>,
  { bucket, key }: S3Name,
  { versionId, signal }: VersionOptions = {},
): Promise<ReadonlyMap<string, string>> {
  const version = versionId === undefined ? {} : { VersionId: versionId }
  try {
    const command = new GetObjectTaggingCommand({ Bucket: bucket, Key: key, ...version, ...common })
    const { TagSet = [] } = await reads.send(command, abortable(signal))
    return new Map(TagSet.map(({ Key, Value }) => [Key!, Value ?? '']))
  } catch (error) {
    const known = asS3Error(error, signal)
    if (known.code !== 'permission-denied') throw known
    throw new LetheError(known.code, "the object's tags cannot be read: s3:GetObjectTagging is needed", {
      cause: error,
    })
  }
}
