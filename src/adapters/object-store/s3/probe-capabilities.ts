import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import type { Capability, CapabilityName, CapabilityState } from '../../../domain/capability.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error, statusOf } from './s3-error.ts'
import { copySourceOf, parseS3Target, type S3Name } from './s3-name.ts'
import { customerKeyOf } from './server-side-encryption.ts'
import { abortUpload } from './unfinished-uploads.ts'
import { deleteVersion, versionsOf } from './versions.ts'

/** A probe works on an object of its own, which is there when it begins and is cleared away afterwards. */
interface Scratch {
  readonly clients: S3Clients
  readonly name: S3Name
  readonly etag: string
}

type Finding = Pick<Capability, 'state' | 'detail'>

const content = Buffer.from('A scratch object of `lethe stores check`. It may be deleted.\n'.repeat(4))
const wrongEtag = '"00000000000000000000000000000000"'

/**
 * Finds out what a server enforces, by trying it in a scratch prefix that the caller names. Servers differ, and one that
 * ignores a condition answers as if it had kept it.
 *
 * @throws LetheError where not even an object can be written and deleted there
 */
export async function probeCapabilities(clients: S3Clients, target: string): Promise<Capability[]> {
  const prefix = parseS3Target(target)
  const capabilities: Capability[] = []
  for (const [name, probe] of Object.entries(probes) as [CapabilityName, (scratch: Scratch) => Promise<Finding>][]) {
    const scratch = await makeScratch(clients, prefix)
    try {
      capabilities.push({ name, ...(await probe(scratch)) })
    } catch (error) {
      capabilities.push({ name, ...whatItMeans(error) })
    } finally {
      await clear(scratch)
    }
  }
  return capabilities
}

/** A plain "no" of the server, or no way to know. */
function whatItMeans(error: unknown): Finding {
  const detail = error instanceof Error ? error.name : 'unknown'
  const isNo = statusOf(error) === 501 || statusOf(error) === 400
  return { state: isNo ? 'no' : 'unknown', detail }
}

async function makeScratch(clients: S3Clients, { bucket, key }: S3Name): Promise<Scratch> {
  const name = { bucket, key: `${key}lethe-check-${randomUUID()}` }
  try {
    const { ETag } = await clients.reads.send(new PutObjectCommand({ ...objectOf({ clients, name }), Body: content }))
    return { clients, name, etag: ETag! }
  } catch (error) {
    throw asS3Error(error)
  }
}

async function clear({ clients, name }: Scratch): Promise<void> {
  await clients.reads.send(new DeleteObjectCommand({ Bucket: name.bucket, Key: name.key, ...clients.common }))
  try {
    for await (const { versionId } of versionsOf(clients, name)) await deleteVersion(clients, name, versionId)
  } catch (error) {
    // A server without versions has none to clear away.
    if (statusOf(error) !== 501 && asS3Error(error).code !== 'permission-denied') throw error
  }
}

function objectOf({ clients, name }: Pick<Scratch, 'clients' | 'name'>) {
  return { Bucket: name.bucket, Key: name.key, ...customerKeyOf(clients), ...clients.common }
}

/** A request under a condition that does not hold: what is refused is enforced, what is carried out was ignored. */
async function underWrongCondition(send: () => Promise<unknown>): Promise<Finding> {
  try {
    await send()
    return { state: 'ignored' }
  } catch (error) {
    if (isS3Error(error, 'PreconditionFailed') || statusOf(error) === 412) return { state: 'yes' }
    throw error
  }
}

const probes: Readonly<Record<CapabilityName, (scratch: Scratch) => Promise<Finding>>> = {
  async 'conditional-put'(scratch) {
    const put = (condition: object) =>
      underWrongCondition(() =>
        scratch.clients.commits.send(new PutObjectCommand({ ...objectOf(scratch), Body: content, ...condition })),
      )
    const unchanged = await put({ IfMatch: wrongEtag })
    return unchanged.state === 'yes' ? await put({ IfNoneMatch: '*' }) : unchanged
  },

  'conditional-complete': (scratch) =>
    withUpload(scratch, {}, async (UploadId) => {
      const part = { ...objectOf(scratch), UploadId, PartNumber: 1 }
      const { ETag } = await scratch.clients.reads.send(new UploadPartCommand({ ...part, Body: content }))
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      const command = { ...objectOf(scratch), UploadId, MultipartUpload, IfMatch: wrongEtag }
      return await underWrongCondition(() => scratch.clients.commits.send(new CompleteMultipartUploadCommand(command)))
    }),

  'conditional-copy': (scratch) =>
    withUpload(scratch, {}, (UploadId) =>
      underWrongCondition(() => copyFirstHalf(scratch, { UploadId, CopySourceIfMatch: wrongEtag })),
    ),

  async 'conditional-delete'(scratch) {
    const command = new DeleteObjectCommand({ ...objectOf(scratch), IfMatch: wrongEtag })
    return await underWrongCondition(() => scratch.clients.commits.send(command))
  },

  async versions({ clients, name }) {
    const { Status } = await clients.reads.send(new GetBucketVersioningCommand({ Bucket: name.bucket }))
    return { state: Status === 'Enabled' ? 'yes' : 'no', detail: Status ?? 'never enabled' }
  },

  async tags(scratch) {
    const { clients } = scratch
    await clients.reads.send(new PutObjectCommand({ ...objectOf(scratch), Body: content, Tagging: 'lethe=check' }))
    const { TagSet } = await clients.reads.send(new GetObjectTaggingCommand(objectOf(scratch)))
    return { state: TagSet?.[0]?.Value === 'check' ? 'yes' : 'ignored' }
  },

  async 'access-control-lists'(scratch) {
    const { clients } = scratch
    await clients.reads.send(new GetObjectAclCommand(objectOf(scratch)))
    return { state: 'yes' }
  },

  async 'object-lock'({ clients, name }) {
    try {
      const command = new GetObjectLockConfigurationCommand({ Bucket: name.bucket })
      const { ObjectLockConfiguration } = await clients.reads.send(command)
      return { state: ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled' ? 'yes' : 'no' }
    } catch (error) {
      if (isS3Error(error, 'ObjectLockConfigurationNotFoundError') || statusOf(error) === 404) return { state: 'no' }
      throw error
    }
  },

  async checksums(scratch) {
    const wrong = checksumOf(Buffer.from('something else'))
    const command = new PutObjectCommand({ ...objectOf(scratch), Body: content, ChecksumCRC32: wrong })
    try {
      await scratch.clients.commits.send(command)
      return { state: 'ignored' }
    } catch (error) {
      if (statusOf(error) === 400) return { state: 'yes' }
      throw error
    }
  },

  'checksums-of-copied-parts': (scratch) =>
    withUpload(scratch, { ChecksumAlgorithm: 'CRC32' }, async (UploadId) => {
      const { clients } = scratch
      // The source has a checksum by the same algorithm: what one server then answers for the part is the source's.
      const source = new PutObjectCommand({ ...objectOf(scratch), Body: content, ChecksumAlgorithm: 'CRC32' })
      await clients.reads.send(source)
      const { CopyPartResult } = await copyFirstHalf(scratch, { UploadId })
      const answered = CopyPartResult?.ChecksumCRC32
      if (answered === undefined) return { state: 'no' }
      const state: CapabilityState = answered === checksumOf(content.subarray(0, content.length / 2)) ? 'yes' : 'wrong'
      return { state }
    }),
}

async function withUpload(
  scratch: Scratch,
  options: object,
  use: (uploadId: string) => Promise<Finding>,
): Promise<Finding> {
  const { clients, name } = scratch
  const created = await clients.reads.send(new CreateMultipartUploadCommand({ ...objectOf(scratch), ...options }))
  try {
    return await use(created.UploadId!)
  } finally {
    await abortUpload(clients, name, created.UploadId!)
  }
}

function copyFirstHalf(scratch: Scratch, request: { readonly UploadId: string; readonly CopySourceIfMatch?: string }) {
  const copy = new UploadPartCopyCommand({
    ...objectOf(scratch),
    ...request,
    PartNumber: 1,
    CopySource: copySourceOf(scratch.name, undefined),
    CopySourceRange: `bytes=0-${content.length / 2 - 1}`,
  })
  return scratch.clients.reads.send(copy)
}

function checksumOf(bytes: Uint8Array): string {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(crc32(bytes))
  return buffer.toString('base64')
}
