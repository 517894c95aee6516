import { randomUUID } from 'node:crypto'
import { type CompletedPart, type HeadObjectCommandOutput, PutObjectCommand } from '@aws-sdk/client-s3'
import { LetheError } from '../../../domain/error.ts'
import type { CommitOptions, ObjectVersion, WriteRequest } from '../../../ports/object-store.ts'
import { commit } from './commit.ts'
import { requireDirectSuccessor } from './direct-successor.ts'
import {
  CopiedPartChecksumError,
  completeCommand,
  copyPart,
  createUpload,
  type MultipartUpload,
  type SourceChecksum,
  sendPart,
} from './multipart-upload.ts'
import { readProperties, taskKey, type WrittenProperties } from './object-properties.ts'
import { headIfThere, isSameVersion, requirePinned, versionOf } from './open-s3-object.ts'
import { partBytes } from './part-bytes.ts'
import { type Part, planParts } from './plan-parts.ts'
import type { S3Clients } from './s3-access.ts'
import { asS3Error, isS3Error } from './s3-error.ts'
import type { S3Name } from './s3-name.ts'
import { customerKeyOf } from './server-side-encryption.ts'
import { abortLeftoverUploads, abortUpload } from './unfinished-uploads.ts'

const concurrentParts = 4

/** What one write is about; `before` is undefined for a new object. */
interface Write {
  readonly clients: S3Clients
  readonly name: S3Name
  readonly request: WriteRequest
  readonly taskId: string
  readonly before: HeadObjectCommandOutput | undefined
  readonly properties: WrittenProperties
  readonly options: CommitOptions
}

/**
 * Writes an edited object: source pieces are copied by the server, new bytes are sent, and nothing is seen before one
 * last request that names the version which must still be there.
 *
 * What a crash leaves: before that request, an upload that carries our mark and that the next write of this key aborts;
 * after it, the new version, whose user metadata says which write it comes from.
 */
export async function writeS3Object(
  clients: S3Clients,
  name: S3Name,
  request: WriteRequest,
  options: CommitOptions = {},
): Promise<ObjectVersion> {
  const taskId = randomUUID()
  const before =
    'unchanged' in request.condition
      ? await requirePinned(clients, name, request.condition.unchanged, options)
      : undefined
  const properties =
    before === undefined
      ? { Metadata: { [taskKey]: taskId } }
      : await readProperties(clients, { name, head: before, taskId }, options)
  const write: Write = { clients, name, request, taskId, before, properties, options }
  // One part is our mark.
  const limits = { ...clients.limits, maxParts: clients.limits.maxParts - 1 }
  const written = await writeParts(write, planParts(request.edit.pieces, limits))
  if (before !== undefined) await requireDirectSuccessor(clients, name, { written, before })
  return written
}

async function writeParts(write: Write, parts: readonly Part[]): Promise<ObjectVersion> {
  const { request, before, options } = write
  // Before a small object too: what is left over holds rows, whose people may be the next.
  const known = await abortLeftoverUploads(write.clients, write.name, options)
  // Above that, copied parts can save something.
  const isSmall = request.edit.size <= write.clients.limits.minPartBytes
  if (isSmall || (parts.length === 1 && parts[0]!.kind === 'upload')) return await put(write)
  const checksum = before === undefined ? undefined : sourceChecksum(before)
  try {
    return await uploadParts(write, parts, { checksum, known })
  } catch (error) {
    // Then the new version has the checksum that the server itself chooses.
    if (error instanceof CopiedPartChecksumError) return await uploadParts(write, parts, { checksum: undefined, known })
    throw error
  }
}

async function put(write: Write): Promise<ObjectVersion> {
  const { clients, name, request, before, properties, options } = write
  const body = await partBytes(request.source, request.edit, [...request.edit.pieces], options)
  const algorithm = (before === undefined ? undefined : sourceChecksum(before)?.algorithm) ?? 'CRC64NVME'
  options.signal?.throwIfAborted()
  return await commitWrite(write, async () =>
    versionOf(
      await clients.commits.send(
        new PutObjectCommand({
          Bucket: name.bucket,
          Key: name.key,
          Body: body,
          ChecksumAlgorithm: algorithm,
          ...properties,
          ...conditionOf(request),
          ...customerKeyOf(clients),
          ...clients.common,
        }),
      ),
    ),
  )
}

async function uploadParts(
  write: Write,
  parts: readonly Part[],
  { checksum, known }: { readonly checksum: SourceChecksum | undefined; readonly known: ReadonlySet<string> },
): Promise<ObjectVersion> {
  const { clients, name, request, properties, options } = write
  let upload: MultipartUpload | undefined
  try {
    upload = await createUpload(clients, name, { properties, checksum, known }, options)
    const completed = await sendAll(write, upload, parts)
    options.signal?.throwIfAborted()
    const command = completeCommand(clients, upload, { parts: completed, condition: conditionOf(request) })
    return await commitWrite(write, async () => versionOf(await clients.commits.send(command)))
  } catch (error) {
    // An upload that cannot be aborted now carries our mark: the next write of this key aborts it.
    if (upload !== undefined) await abortUpload(clients, name, upload.uploadId).catch(() => undefined)
    if (error instanceof CopiedPartChecksumError) throw error
    throw asUploadError(error, options.signal)
  }
}

function asUploadError(error: unknown, signal: AbortSignal | undefined): LetheError {
  // The source is pinned by version: a copy that does not find it met another writer.
  if (isS3Error(error, 'NoSuchKey', 'NoSuchVersion', 'PreconditionFailed')) {
    return new LetheError('object-changed', 'the object changed while it was written anew', { cause: error })
  }
  return asS3Error(error, signal)
}

async function sendAll(write: Write, upload: MultipartUpload, parts: readonly Part[]): Promise<CompletedPart[]> {
  const { clients, request, options } = write
  const completed: CompletedPart[] = []
  let next = 0
  const carryOut = async (part: Part, number: number): Promise<CompletedPart> => {
    if (part.kind === 'copy') {
      const sourceBytes = request.source.size
      return await copyPart(clients, upload, { number, part, sourceBytes, pin: pinOf(request) }, options)
    }
    const bytes = await partBytes(request.source, request.edit, part.pieces, options)
    return await sendPart(clients, upload, { number, bytes }, options)
  }
  const work = async (): Promise<void> => {
    try {
      for (let index = next++; index < parts.length; index = next++) {
        options.signal?.throwIfAborted()
        completed[index] = await carryOut(parts[index]!, index + 1)
      }
    } catch (error) {
      // The others need not begin another part.
      next = parts.length
      throw error
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: concurrentParts }, work))
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return completed
}

function pinOf({ condition }: WriteRequest): ObjectVersion {
  if ('unchanged' in condition) return condition.unchanged
  throw new LetheError('internal', 'a new object has no source to copy from')
}

function conditionOf({ condition }: WriteRequest): { IfMatch: string } | { IfNoneMatch: '*' } {
  return 'unchanged' in condition ? { IfMatch: condition.unchanged.token } : { IfNoneMatch: '*' }
}

/** The last look before the commit narrows the window of servers that ignore its condition. */
async function commitWrite(write: Write, attempt: () => Promise<ObjectVersion>): Promise<ObjectVersion> {
  const { clients, name, request, taskId, options } = write
  if ('unchanged' in request.condition) await requirePinned(clients, name, request.condition.unchanged, options)
  return await commit({
    ...options,
    attempt,
    async findApplied() {
      const head = await headIfThere(clients, name)
      if (head?.Metadata?.[taskKey] === taskId) return versionOf(head)
      const isBefore =
        'unchanged' in request.condition
          ? head !== undefined && isSameVersion(versionOf(head), request.condition.unchanged)
          : head === undefined
      if (isBefore) return undefined
      throw new LetheError('object-changed', 'another writer replaced the object while it was written')
    },
  })
}

const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const

/** The checksum of the source that a write has to ask for; the server's own default needs no asking. */
function sourceChecksum(head: HeadObjectCommandOutput): SourceChecksum | undefined {
  for (const algorithm of algorithms) {
    const value = head[`Checksum${algorithm}`]
    if (value === undefined) continue
    return algorithm === 'CRC64NVME' ? undefined : { algorithm, value }
  }
  return undefined
}
