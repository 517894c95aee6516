import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type Part,
} from '@aws-sdk/client-s3'
import type { CallOptions } from '../../../ports/object-store.ts'
import { abortable } from './abortable.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'

/**
 * Our mark on an upload: a listing of uploads tells neither metadata nor tags, so each of ours has, under the last part
 * number, a part of this content. It is never named on completion, and so never becomes part of an object.
 */
export const markerPart = 10_000
export const marker = Buffer.from(
  'This multipart upload was begun by Lethe. One that is left over may be aborted.\n'.repeat(61),
)

/** Unfinished multipart uploads under exactly one key, by their ids. */
export interface UnfinishedUploads {
  /** They carry our mark: a run of ours began them. */
  readonly ours: readonly string[]
  /** Somebody else's, or ours from a run that died between beginning and marking; then without any part. */
  readonly foreign: readonly string[]
}

export async function findUnfinishedUploads(
  clients: S3Clients,
  name: S3Name,
  { signal }: CallOptions = {},
): Promise<UnfinishedUploads> {
  const found = { ours: [] as string[], foreign: [] as string[] }
  for await (const uploadId of uploadsOf(clients, name, signal)) {
    const parts = await partsOf(clients, { name, uploadId, after: markerPart - 1 }, signal)
    if (parts === undefined) continue
    // Not by its ETag, which is no MD5 where parts are encrypted.
    const isOurs = parts.some(({ PartNumber, Size }) => PartNumber === markerPart && Size === marker.length)
    found[isOurs ? 'ours' : 'foreign'].push(uploadId)
  }
  return found
}

/**
 * Aborts uploads under exactly this key that a dead writer of ours left. One that lives meanwhile loses its upload, and
 * with it nothing: its write fails, and is made again.
 *
 * @returns the uploads that are left, which are not ours
 */
export async function abortLeftoverUploads(
  clients: S3Clients,
  name: S3Name,
  options: CallOptions = {},
): Promise<ReadonlySet<string>> {
  const { ours, foreign } = await findUnfinishedUploads(clients, name, options)
  for (const uploadId of ours) await abortUpload(clients, name, uploadId)
  return new Set(foreign)
}

/** Aborts what a request to begin an upload has begun without an answer: an upload that was not there before. */
export async function abortUnansweredUploads(
  clients: S3Clients,
  name: S3Name,
  known: ReadonlySet<string>,
): Promise<undefined> {
  for await (const uploadId of uploadsOf(clients, name, undefined)) {
    if (known.has(uploadId)) continue
    const parts = await partsOf(clients, { name, uploadId, after: 0 }, undefined)
    if (parts?.length === 0) await abortUpload(clients, name, uploadId)
  }
  return undefined
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

/** The parts from a number on, at most a page of them; undefined where the upload has ended meanwhile. */
async function partsOf(
  clients: S3Clients,
  { name, uploadId, after }: { readonly name: S3Name; readonly uploadId: string; readonly after: number },
  signal: AbortSignal | undefined,
): Promise<readonly Part[] | undefined> {
  const upload = { Bucket: name.bucket, Key: name.key, UploadId: uploadId }
  const from = after === 0 ? {} : { PartNumberMarker: String(after) }
  try {
    const command = new ListPartsCommand({ ...upload, ...from, ...clients.common })
    return (await clients.reads.send(command, abortable(signal))).Parts ?? []
  } catch (error) {
    if (isS3Error(error, 'NoSuchUpload')) return undefined
    throw asS3Error(error, signal)
  }
}
