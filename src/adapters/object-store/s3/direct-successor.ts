import { type HeadObjectCommandOutput, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { ObjectVersion } from '../../../ports/object-store.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'
import { deleteVersion } from './versions.ts'

/**
 * Where versions are kept, the one right below ours must be the one that the edit was made from. If another writer came
 * between, on a server that does not enforce conditions, ours goes again and theirs is the current one.
 *
 * It is not broken off by an interrupt: what was written must be told of.
 */
export async function requireDirectSuccessor(
  clients: S3Clients,
  name: S3Name,
  { written, before }: { readonly written: ObjectVersion; readonly before: HeadObjectCommandOutput },
): Promise<void> {
  if (written.versionId === undefined || written.versionId === 'null') return
  const { versions, markers } = await newestVersions(clients, name)
  const [newest, next] = versions
  // Somebody has written or deleted since: what they did is what is there.
  if (newest?.VersionId !== written.versionId || newest.IsLatest !== true) return
  // Some times are in whole seconds: a delete within the second of the version before may have come before it.
  const isDeletedBetween = markers.some(({ LastModified }) => secondOf(LastModified) > secondOf(before.LastModified))
  const isNext = next === undefined || next.VersionId === (before.VersionId ?? 'null')
  if (isNext && !isDeletedBetween) return
  await takeBack(clients, name, written.versionId)
}

/** The same of a delete marker: below it must lie the version that was to be removed. */
export async function requireMarkerOnTopOf(
  clients: S3Clients,
  name: S3Name,
  { markerId, pinned }: { readonly markerId: string | undefined; readonly pinned: ObjectVersion },
): Promise<void> {
  if (markerId === undefined || markerId === 'null') return
  const [newest] = (await newestVersions(clients, name)).versions
  // Somebody has made the object anew since: what they have is what is there.
  if (newest === undefined || newest.IsLatest === true) return
  if (newest.VersionId !== (pinned.versionId ?? 'null')) await takeBack(clients, name, markerId)
}

function secondOf(time: Date | undefined): number {
  return Math.floor((time?.getTime() ?? 0) / 1000)
}

async function newestVersions({ reads, common }: S3Clients, { bucket, key }: S3Name) {
  try {
    // The versions of the key itself come before those of keys that only begin with it.
    const command = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, MaxKeys: 4, ...common })
    const { Versions = [], DeleteMarkers = [] } = await reads.send(command)
    const ofKey = ({ Key }: { readonly Key?: string | undefined }): boolean => Key === key
    return { versions: Versions.filter(ofKey), markers: DeleteMarkers.filter(ofKey) }
  } catch (error) {
    throw asS3Error(error)
  }
}

async function takeBack(clients: S3Clients, name: S3Name, versionId: string): Promise<never> {
  try {
    await deleteVersion(clients, name, versionId)
  } catch (cause) {
    throw new LetheError('io', `another writer came between, and version ${versionId} on top of it cannot be deleted`, {
      cause,
    })
  }
  throw new LetheError('object-changed', 'another writer came between; what was written is taken back')
}
