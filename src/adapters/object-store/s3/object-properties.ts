import {
  type CreateMultipartUploadCommandInput,
  GetObjectAclCommand,
  type GetObjectAclCommandOutput,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  type Grant,
  type Grantee,
  type HeadObjectCommandOutput,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error, statusOf } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'

/** The members by which PutObject and CreateMultipartUpload give a new version all that the old one was but its bytes. */
export type WrittenProperties = Pick<
  PutObjectCommandInput & CreateMultipartUploadCommandInput,
  | 'ContentType'
  | 'ContentEncoding'
  | 'ContentDisposition'
  | 'ContentLanguage'
  | 'CacheControl'
  | 'Expires'
  | 'Metadata'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'BucketKeyEnabled'
  | 'WebsiteRedirectLocation'
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'ObjectLockLegalHoldStatus'
  | 'Tagging'
  | 'GrantFullControl'
  | 'GrantRead'
  | 'GrantReadACP'
  | 'GrantWriteACP'
>

/** The one key of user metadata that Lethe adds: which of its writes a version comes from. */
export const taskKey = 'lethe-task'

/** Amazon S3, "Working with object metadata": names and values together. */
const maxMetadataBytes = 2048

/**
 * Reads everything of an object that a write would lose, as the members of the write that keep it.
 *
 * @throws LetheError of outcome `refused` where something cannot be kept
 */
export async function readProperties(
  clients: Pick<S3Clients, 'reads' | 'common' | 'locks'>,
  { name, head, taskId }: { readonly name: S3Name; readonly head: HeadObjectCommandOutput; readonly taskId: string },
  options: CallOptions = {},
): Promise<WrittenProperties> {
  return defined({
    ContentType: head.ContentType,
    ContentEncoding: head.ContentEncoding,
    ContentDisposition: head.ContentDisposition,
    ContentLanguage: head.ContentLanguage,
    CacheControl: head.CacheControl,
    Expires: expiryOf(head),
    Metadata: metadataWith(head, taskId),
    StorageClass: head.StorageClass,
    ServerSideEncryption: head.ServerSideEncryption,
    SSEKMSKeyId: head.SSEKMSKeyId,
    BucketKeyEnabled: head.BucketKeyEnabled,
    WebsiteRedirectLocation: head.WebsiteRedirectLocation,
    ...(await lockOf(clients, name, head, options)),
    Tagging: await taggingOf(clients, name, head, options),
    ...(await grantsOf(clients, name, head, options)),
  })
}

/** `exactOptionalPropertyTypes` means it: a member that is not there is left out, not undefined. */
function defined(
  members: { readonly [Name in keyof WrittenProperties]: WrittenProperties[Name] | undefined },
): WrittenProperties {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as WrittenProperties
}

function expiryOf({ ExpiresString }: HeadObjectCommandOutput): Date | undefined {
  if (ExpiresString === undefined) return undefined
  const date = new Date(ExpiresString)
  // S3 keeps whatever text was given; only one that a write would spell in the same way survives it.
  if (date.toUTCString() === ExpiresString) return date
  throw new LetheError('unsupported', 'the object has an Expires header that is no HTTP date and would not be kept')
}

function metadataWith(
  { Metadata = {}, MissingMeta = 0 }: HeadObjectCommandOutput,
  taskId: string,
): Record<string, string> {
  if (MissingMeta > 0) throw new LetheError('unsupported', 'the object has user metadata that S3 does not show')
  const metadata = { ...Metadata, [taskKey]: taskId }
  const bytes = Object.entries(metadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  if (bytes <= maxMetadataBytes) return metadata
  throw new LetheError('limit-exceeded', `the object's user metadata leaves no room for the key ${taskKey}`)
}

async function taggingOf(
  { reads, common }: Pick<S3Clients, 'reads' | 'common'>,
  { bucket, key }: S3Name,
  { VersionId }: HeadObjectCommandOutput,
  { signal }: CallOptions,
): Promise<string | undefined> {
  // Asked always: S3 does not count the tags for who may not read them.
  const version = VersionId === undefined ? {} : { VersionId }
  try {
    const command = new GetObjectTaggingCommand({ Bucket: bucket, Key: key, ...version, ...common })
    const { TagSet = [] } = await reads.send(command, abortable(signal))
    if (TagSet.length === 0) return undefined
    return TagSet.map((tag) => `${encodeURIComponent(tag.Key!)}=${encodeURIComponent(tag.Value!)}`).join('&')
  } catch (error) {
    // A server without tags has none to lose.
    if (isS3Error(error, 'NotImplemented', 'NoSuchTagSet') || statusOf(error) === 501) return undefined
    throw unreadable(error, 'tags', 's3:GetObjectTagging', signal)
  }
}

type Lock = Pick<WrittenProperties, 'ObjectLockMode' | 'ObjectLockRetainUntilDate' | 'ObjectLockLegalHoldStatus'>

/** A retention that is over has no effect, and no write would be allowed to name it. */
export async function lockOf(
  { reads, common, locks }: Pick<S3Clients, 'reads' | 'common' | 'locks'>,
  { bucket, key }: S3Name,
  head: Pick<HeadObjectCommandOutput, 'VersionId' | keyof Lock>,
  { signal }: CallOptions = {},
): Promise<Lock> {
  if (!(await locks.mayLock(bucket))) return {}
  const version = { Bucket: bucket, Key: key, ...(head.VersionId === undefined ? {} : { VersionId: head.VersionId }) }
  // What HEAD does not tell, it may only not tell us.
  const { Retention } =
    head.ObjectLockMode === undefined
      ? await reads
          .send(new GetObjectRetentionCommand({ ...version, ...common }), abortable(signal))
          .catch(noneOrUnreadable('retention', 's3:GetObjectRetention', signal))
      : { Retention: { Mode: head.ObjectLockMode, RetainUntilDate: head.ObjectLockRetainUntilDate } }
  const { LegalHold } =
    head.ObjectLockLegalHoldStatus === undefined
      ? await reads
          .send(new GetObjectLegalHoldCommand({ ...version, ...common }), abortable(signal))
          .catch(noneOrUnreadable('legal hold', 's3:GetObjectLegalHold', signal))
      : { LegalHold: { Status: head.ObjectLockLegalHoldStatus } }
  const until = Retention?.RetainUntilDate
  return {
    ...(Retention?.Mode === undefined || until === undefined || until <= new Date()
      ? {}
      : { ObjectLockMode: Retention.Mode, ObjectLockRetainUntilDate: until }),
    ...(LegalHold?.Status === 'ON' ? { ObjectLockLegalHoldStatus: LegalHold.Status } : {}),
  }
}

function noneOrUnreadable(what: string, permission: string, signal: AbortSignal | undefined) {
  return (error: unknown): { Retention?: undefined; LegalHold?: undefined } => {
    const isNone = [400, 404, 501].includes(statusOf(error) ?? 0) && !isS3Error(error, 'NoSuchKey', 'NoSuchVersion')
    if (isNone) return {}
    throw unreadable(error, what, permission, signal)
  }
}

type Grants = Pick<WrittenProperties, 'GrantFullControl' | 'GrantRead' | 'GrantReadACP' | 'GrantWriteACP'>

const memberOf: Readonly<Record<string, keyof Grants>> = {
  FULL_CONTROL: 'GrantFullControl',
  READ: 'GrantRead',
  READ_ACP: 'GrantReadACP',
  WRITE_ACP: 'GrantWriteACP',
}

/** Grants beyond the owner's own full control, which every new object has. */
async function grantsOf(
  { reads, common }: Pick<S3Clients, 'reads' | 'common'>,
  { bucket, key }: S3Name,
  { VersionId }: HeadObjectCommandOutput,
  { signal }: CallOptions,
): Promise<Grants> {
  const version = VersionId === undefined ? {} : { VersionId }
  let acl: GetObjectAclCommandOutput
  try {
    acl = await reads.send(
      new GetObjectAclCommand({ Bucket: bucket, Key: key, ...version, ...common }),
      abortable(signal),
    )
  } catch (error) {
    // A server without ACLs has none to lose.
    if (isS3Error(error, 'NotImplemented', 'AccessControlListNotSupported') || statusOf(error) === 501) return {}
    throw unreadable(error, 'access control list', 's3:GetObjectAcl', signal)
  }
  const all = acl.Grants ?? []
  if (all.every((grant) => isOwners(grant, acl.Owner?.ID))) return {}
  const grants: Partial<Record<keyof Grants, string>> = {}
  for (const { Grantee: grantee, Permission } of all) {
    const member = memberOf[Permission ?? '']
    if (member === undefined) throw new LetheError('unsupported', 'the object has a grant of a kind that is not known')
    grants[member] = [...(grants[member] === undefined ? [] : [grants[member]]), spellGrantee(grantee)].join(', ')
  }
  return grants
}

/** MinIO, which has no ACLs, shows a fixed one whose grantee has no name at all. */
function isOwners({ Permission, Grantee: grantee }: Grant, owner: string | undefined): boolean {
  const isNobody = (grantee?.ID ?? '') === '' && grantee?.URI === undefined && grantee?.EmailAddress === undefined
  return Permission === 'FULL_CONTROL' && (isNobody || (grantee?.ID !== undefined && grantee.ID === owner))
}

function spellGrantee(grantee: Grantee | undefined): string {
  if (grantee?.URI !== undefined) return `uri="${grantee.URI}"`
  if (grantee?.ID !== undefined) return `id="${grantee.ID}"`
  throw new LetheError('unsupported', 'the object has a grant to somebody whom S3 does not name by an id')
}

function unreadable(error: unknown, what: string, permission: string, signal: AbortSignal | undefined): LetheError {
  const known = asS3Error(error, signal)
  if (known.code !== 'permission-denied') return known
  const message = `the object's ${what} cannot be read and would be lost: ${permission} is needed`
  return new LetheError('permission-denied', message, { cause: error })
}
