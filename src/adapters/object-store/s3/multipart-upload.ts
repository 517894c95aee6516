import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable, type WrittenProperties } from './object-properties.ts'
import type { Part } from './plan-parts.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error } from './s3-error.ts'
import { copySourceOf, type S3Name } from './s3-name.ts'
import { copySourceKeyOf, customerKeyOf } from './server-side-encryption.ts'

/** A multipart upload under way. */
export interface MultipartUpload {
  readonly name: S3Name
  readonly uploadId: string
  readonly checksum: SourceChecksum | undefined
}

/** A checksum that the source has and the new version shall have. */
export interface SourceChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
}

/**
 * Our mark on an upload: a listing of uploads tells neither metadata nor tags, so each of ours has, under the last part
 * number, a part of this content. It is never named on completion, and so never becomes part of an object.
 */
const markerPart = 10_000
const marker = Buffer.from(
  'This multipart upload was begun by Lethe. One that is left over may be aborted.\n'.repeat(61),
)

export async function createUpload(
  clients: S3Clients,
  name: S3Name,
  { properties, checksum }: { readonly properties: WrittenProperties; readonly checksum: SourceChecksum | undefined },
  { signal }: CallOptions = {},
): Promise<MultipartUpload> {
  const { UploadId } = await clients.reads.send(
    new CreateMultipartUploadCommand({
      Bucket: name.bucket,
      Key: name.key,
      ...properties,
      ...(checksum === undefined ? {} : { ChecksumAlgorithm: checksum.algorithm }),
      ...customerKeyOf(clients),
      ...clients.common,
    }),
    abortable(signal),
  )
  const upload = { name, uploadId: UploadId!, checksum }
  await sendPart(
    clients,
    upload,
    { number: markerPart, bytes: marker },
    { ...(signal === undefined ? {} : { signal }) },
  )
  return upload
}

export async function sendPart(
  clients: S3Clients,
  { name, uploadId, checksum }: MultipartUpload,
  { number, bytes }: { readonly number: number; readonly bytes: Buffer },
  { signal }: CallOptions = {},
): Promise<CompletedPart> {
  const answer = await clients.reads.send(
    new UploadPartCommand({
      Bucket: name.bucket,
      Key: name.key,
      UploadId: uploadId,
      PartNumber: number,
      Body: bytes,
      ...(checksum === undefined
        ? { ContentMD5: createHash('md5').update(bytes).digest('base64') }
        : { ChecksumAlgorithm: checksum.algorithm }),
      ...customerKeyOf(clients),
      ...clients.common,
    }),
    abortable(signal),
  )
  return completedPart(number, checksum, answer)
}

/** Raised where a server copies parts, but not in an upload that names a checksum algorithm, or with a wrong one. */
export class CopiedPartChecksumError extends Error {}

export async function copyPart(
  clients: S3Clients,
  { name, uploadId, checksum }: MultipartUpload,
  request: {
    readonly number: number
    readonly part: Extract<Part, { kind: 'copy' }>
    readonly sourceBytes: number
    readonly pin: { readonly token: string; readonly versionId?: string }
  },
  { signal }: CallOptions = {},
): Promise<CompletedPart> {
  const { number, part, sourceBytes, pin } = request
  const isWhole = part.start === 0 && part.end === sourceBytes
  try {
    const { CopyPartResult } = await clients.reads.send(
      new UploadPartCopyCommand({
        Bucket: name.bucket,
        Key: name.key,
        UploadId: uploadId,
        PartNumber: number,
        CopySource: copySourceOf(name, pin.versionId),
        CopySourceIfMatch: pin.token,
        CopySourceRange: `bytes=${part.start}-${part.end - 1}`,
        ...copySourceKeyOf(clients),
        ...customerKeyOf(clients),
        ...clients.common,
      }),
      abortable(signal),
    )
    const completed = completedPart(number, checksum, CopyPartResult ?? {})
    // A part's checksum that is the whole source's belongs to other bytes: the object would carry a wrong one.
    if (checksum !== undefined && !isWhole && checksumOf(completed, checksum) === checksum.value) {
      throw new CopiedPartChecksumError()
    }
    return completed
  } catch (error) {
    if (checksum !== undefined && isS3Error(error, 'InvalidArgument', 'InvalidRequest', 'NotImplemented')) {
      throw new CopiedPartChecksumError('', { cause: error })
    }
    throw error
  }
}

export function completeCommand(
  clients: S3Clients,
  { name, uploadId }: MultipartUpload,
  { parts, condition }: { readonly parts: CompletedPart[]; readonly condition: object },
): CompleteMultipartUploadCommand {
  return new CompleteMultipartUploadCommand({
    Bucket: name.bucket,
    Key: name.key,
    UploadId: uploadId,
    MultipartUpload: { Parts: parts },
    ...condition,
    ...customerKeyOf(clients),
    ...clients.common,
  })
}

/** Calling it again, or after completion, does nothing. */
export async function abortUpload(clients: S3Clients, name: S3Name, uploadId: string): Promise<void> {
  try {
    const command = { Bucket: name.bucket, Key: name.key, UploadId: uploadId, ...clients.common }
    await clients.reads.send(new AbortMultipartUploadCommand(command))
  } catch (error) {
    if (!isS3Error(error, 'NoSuchUpload')) throw asS3Error(error)
  }
}

/**
 * Aborts uploads under exactly this key that a dead writer of ours left. One that lives meanwhile loses its upload, and
 * with it nothing: its write fails, and is made again.
 *
 * @returns how many were aborted
 */
export async function abortLeftoverUploads(
  clients: S3Clients,
  name: S3Name,
  { signal }: CallOptions = {},
): Promise<number> {
  let aborted = 0
  for await (const uploadId of uploadsOf(clients, name, signal)) {
    if (!(await isOurs(clients, name, uploadId, signal))) continue
    await abortUpload(clients, name, uploadId)
    aborted += 1
  }
  return aborted
}

async function* uploadsOf(
  clients: S3Clients,
  { bucket, key }: S3Name,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key, ...from, ...clients.common })
    const page = await clients.reads.send(command, abortable(signal))
    for (const { Key, UploadId } of page.Uploads ?? []) if (Key === key) yield UploadId!
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined || page.NextKeyMarker > key) return
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker! }
  }
}

async function isOurs(
  clients: S3Clients,
  { bucket, key }: S3Name,
  UploadId: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const after = { PartNumberMarker: String(markerPart - 1) }
    const command = new ListPartsCommand({ Bucket: bucket, Key: key, UploadId, ...after, ...clients.common })
    const { Parts = [] } = await clients.reads.send(command, abortable(signal))
    // Not by its ETag, which is no MD5 where parts are encrypted.
    return Parts.some(({ PartNumber, Size }) => PartNumber === markerPart && Size === marker.length)
  } catch (error) {
    if (isS3Error(error, 'NoSuchUpload')) return false
    throw asS3Error(error, signal)
  }
}

type PartAnswer = Omit<CompletedPart, 'PartNumber'>

function completedPart(number: number, checksum: SourceChecksum | undefined, answer: PartAnswer): CompletedPart {
  if (answer.ETag === undefined) throw new LetheError('io', 'the store answered without an ETag of a part')
  const value = checksum === undefined ? undefined : checksumOf(answer, checksum)
  const member = checksum === undefined || value === undefined ? {} : { [`Checksum${checksum.algorithm}`]: value }
  return { PartNumber: number, ETag: answer.ETag, ...member }
}

function checksumOf(answer: PartAnswer, { algorithm }: SourceChecksum): string | undefined {
  return (answer as Readonly<Record<string, unknown>>)[`Checksum${algorithm}`] as string | undefined
}
