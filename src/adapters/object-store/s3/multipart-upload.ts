import { createHash } from 'node:crypto'
import {
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import { commit } from './commit.ts'
import type { WrittenProperties } from './object-properties.ts'
import type { Part } from './plan-parts.ts'
import type { S3Clients } from './s3-access.ts'
import { isS3Error } from './s3-error.ts'
import { copySourceOf, type S3Name } from './s3-name.ts'
import { copySourceKeyOf, customerKeyOf } from './server-side-encryption.ts'
import { abortUnansweredUploads, abortUpload, marker, markerPart } from './unfinished-uploads.ts'

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
 * Begins an upload and marks it. An answer that is lost leaves an upload that nobody knows of: it is found by its absence
 * from `known`, the uploads under this key a moment ago, and by having no part yet.
 */
export async function createUpload(
  clients: S3Clients,
  name: S3Name,
  request: {
    readonly properties: WrittenProperties
    readonly checksum: SourceChecksum | undefined
    readonly known: ReadonlySet<string>
  },
  options: CallOptions = {},
): Promise<MultipartUpload> {
  const { properties, checksum, known } = request
  options.signal?.throwIfAborted()
  const { UploadId } = await commit({
    attempt: () =>
      clients.commits.send(
        new CreateMultipartUploadCommand({
          Bucket: name.bucket,
          Key: name.key,
          ...properties,
          ...(checksum === undefined ? {} : { ChecksumAlgorithm: checksum.algorithm }),
          ...customerKeyOf(clients),
          ...clients.common,
        }),
      ),
    findApplied: () => abortUnansweredUploads(clients, name, known),
  })
  const upload = { name, uploadId: UploadId!, checksum }
  try {
    await sendPart(clients, upload, { number: markerPart, bytes: marker }, options)
  } catch (error) {
    await abortUpload(clients, name, upload.uploadId)
    throw error
  }
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
