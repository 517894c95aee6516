import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { readProperties } from './object-properties.ts'
import { headObject } from './open-s3-object.ts'
import type { S3Clients } from './s3-access.ts'
import type { S3Name } from './s3-name.ts'

/** Storage classes whose objects must be restored before they can be read. */
const archiveClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/**
 * Rejects where the object could not be rewritten whole, or its old version would stay against its will: found before
 * any write, with the date from which it would work where there is one.
 *
 * @throws LetheError `archived`, `locked`, `unsupported`, `permission-denied`, `limit-exceeded`
 */
export async function preflightS3Object(clients: S3Clients, name: S3Name, options: CallOptions = {}): Promise<void> {
  const head = await headObject(clients, name, options)
  requireReadable(head)
  requireUnlocked(head, new Date())
  if (head.ReplicationStatus === 'REPLICA') {
    throw new LetheError('unsupported', 'is a replica; its rows are erased where it is replicated from')
  }
  await readProperties(clients, { name, head, taskId: '00000000-0000-0000-0000-000000000000' }, options)
}

function requireReadable({ StorageClass, Restore, ArchiveStatus }: HeadObjectCommandOutput): void {
  const isArchived = archiveClasses.has(StorageClass ?? '') || ArchiveStatus !== undefined
  const isRestored = Restore?.includes('ongoing-request="false"') === true
  if (!isArchived || isRestored) return
  const what = ArchiveStatus ?? StorageClass!
  throw new LetheError('archived', `lies in the archive class ${what}; restore it, then run again`)
}

function requireUnlocked(head: HeadObjectCommandOutput, now: Date): void {
  if (head.ObjectLockLegalHoldStatus === 'ON') {
    throw new LetheError('locked', 'is under a legal hold: its old version could not be deleted')
  }
  const until = head.ObjectLockRetainUntilDate
  if (until === undefined || until <= now) return
  const day = until.toISOString().slice(0, 10)
  throw new LetheError('locked', `is locked until ${day}: its old version could not be deleted before`, {
    detail: { until: until.toISOString() },
  })
}
