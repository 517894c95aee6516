import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP } from 'node:net'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import { LetheError } from '../../../domain/error.ts'
import { BucketLocks } from './bucket-locks.ts'
import { TransferCounter } from './count-transfers.ts'
import { type PartLimits, s3Limits } from './plan-parts.ts'
import { type CustomerKey, makeCustomerKey } from './server-side-encryption.ts'

/** How S3 is reached. What is left out comes from the AWS SDK's own conventions: environment, profile, instance. */
export interface S3Access {
  /** A server that speaks S3; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or Amazon S3 itself. */
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  readonly assumeRole?: { readonly arn: string; readonly externalId?: string }
  /** Bucket names in the path, not in the host. By itself for an IP address or localhost. */
  readonly pathStyle?: boolean
  /** A file of certificates (PEM) to trust instead of the system's. */
  readonly caFile?: string
  readonly requesterPays?: boolean
  /** SSE-C: a file with the key, 32 bytes in base64, that objects were and will be encrypted with. */
  readonly customerKeyFile?: string
}

/** Clients of one server: reads may be repeated blindly, commits never. */
export interface S3Clients {
  readonly reads: S3Client
  /** For what decides: PutObject, CompleteMultipartUpload, DeleteObject. One attempt a call. */
  readonly commits: S3Client
  readonly common: RequestCommon
  readonly customerKey?: CustomerKey
  readonly counter: TransferCounter
  readonly locks: BucketLocks
  readonly limits: PartLimits
}

/** Members of every request about an object. */
interface RequestCommon {
  readonly RequestPayer?: 'requester'
}

const maxSockets = 64
const connectTimeoutMs = 10_000
/** Of silence, not of the whole answer. */
const socketTimeoutMs = 120_000
const maxReadAttempts = 8

/** What a server allows, where that is not what Amazon S3 does. */
export interface S3Settings {
  readonly limits?: PartLimits
}

export function makeS3Clients(access: S3Access, { limits = s3Limits }: S3Settings = {}): S3Clients {
  const endpoint = access.endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']
  const region = regionOf(access, endpoint)
  const requestHandler = requestHandlerOf(access)
  const config: S3ClientConfig = {
    ...(endpoint === undefined ? {} : { endpoint }),
    region,
    ...(access.profile === undefined ? {} : { profile: access.profile }),
    forcePathStyle: access.pathStyle ?? (endpoint !== undefined && isNumericHost(endpoint)),
    credentials: credentialsOf(access, { region, requestHandler }),
    // Checksums are ours to ask for: a default one on an upload makes some servers refuse its copied parts.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    requestHandler,
  }
  // The adaptive mode backs off with full jitter and slows down all requests where the server says SlowDown.
  const reads = new S3Client({ ...config, retryMode: 'adaptive', maxAttempts: maxReadAttempts })
  const common = commonOf(access)
  const clients = {
    reads,
    commits: new S3Client({ ...config, maxAttempts: 1 }),
    common,
    counter: new TransferCounter(),
    locks: new BucketLocks({ reads, common }),
    limits,
    ...(access.customerKeyFile === undefined ? {} : { customerKey: readCustomerKey(access.customerKeyFile) }),
  }
  clients.counter.watch(clients.reads)
  clients.counter.watch(clients.commits)
  return clients
}

function commonOf({ requesterPays }: S3Access): RequestCommon {
  return requesterPays === true ? { RequestPayer: 'requester' } : {}
}

/** Given as options and not as a handler: each client makes its own, and ends it. */
function requestHandlerOf(access: S3Access) {
  const agent = { keepAlive: true, maxSockets, ...trustedOf(access) }
  return {
    connectionTimeout: connectTimeoutMs,
    socketTimeout: socketTimeoutMs,
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent(agent),
  }
}

/** AWS_CA_BUNDLE is a convention of the other SDKs that this one leaves out. */
function trustedOf({ caFile = process.env['AWS_CA_BUNDLE'] }: S3Access): { readonly ca?: Buffer } {
  if (caFile === undefined || caFile === '') return {}
  try {
    return { ca: readFileSync(caFile) }
  } catch (cause) {
    throw new LetheError('invalid-argument', 'the file of trusted certificates cannot be read', { cause })
  }
}

function readCustomerKey(path: string): CustomerKey {
  try {
    return makeCustomerKey(readFileSync(path, 'utf8').trim())
  } catch (error) {
    if (error instanceof LetheError) throw error
    throw new LetheError('invalid-argument', 'the file of the customer key cannot be read', { cause: error })
  }
}

function credentialsOf(
  { profile, assumeRole }: S3Access,
  sts: Pick<S3ClientConfig, 'region' | 'requestHandler'>,
): NonNullable<S3ClientConfig['credentials']> {
  const own = fromNodeProviderChain(profile === undefined ? {} : { profile })
  if (assumeRole === undefined) return own
  // Where roles are asked for is AWS's own place or, by its convention, AWS_ENDPOINT_URL_STS.
  return fromTemporaryCredentials({
    masterCredentials: own,
    params: {
      RoleArn: assumeRole.arn,
      RoleSessionName: 'lethe',
      ...(assumeRole.externalId === undefined ? {} : { ExternalId: assumeRole.externalId }),
    },
    clientConfig: sts,
  })
}

/**
 * The region by the SDK's own conventions. Servers other than Amazon's mostly do not care, but without any the SDK fails
 * before the first request.
 */
function regionOf({ region, profile }: S3Access, endpoint: string | undefined): () => Promise<string> {
  if (region !== undefined) return () => Promise.resolve(region)
  const conventional = new S3Client(profile === undefined ? {} : { profile }).config.region
  return async () => {
    try {
      return await conventional()
    } catch (cause) {
      if (endpoint !== undefined) return 'us-east-1'
      throw new LetheError('invalid-argument', 'no region: give --region, AWS_REGION, or one in the profile', { cause })
    }
  }
}

function isNumericHost(endpoint: string): boolean {
  const { hostname } = new URL(endpoint)
  return hostname === 'localhost' || isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0
}
