import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Bucket } from './bucket.ts'
import { answerBucket } from './bucket-requests.ts'
import { answerMultipart } from './multipart-requests.ts'
import { answerObject } from './object-requests.ts'
import type { S3Context, S3Response, Weakness } from './s3-context.ts'
import { S3Error } from './s3-error.ts'
import { type Credentials, readRequest, type S3Request } from './s3-request.ts'
import { xmlDocument } from './xml.ts'

export interface S3ServerOptions {
  /** Of every part but the last. Default: 5 MiB, as Amazon S3 has it; tests of many requests take less. */
  readonly minPartBytes?: number
  readonly ignore?: readonly Weakness[]
  /** Then it speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** A request as it was answered, for counting what a client did. */
export interface RequestRecord {
  /** The operation by Amazon S3's name as far as method and query tell, e.g. `PUT`, `PUT?uploadId`, `POST?uploads`. */
  readonly operation: string
  readonly bucket: string
  readonly key: string | undefined
  readonly status: number
  readonly receivedBytes: number
  readonly sentBytes: number
  /** Of a ranged read: the bytes of the object that were asked for. */
  readonly range: { readonly start: number; readonly end: number } | undefined
  /** Of a copied part, as far as it was made: the bytes of the source. */
  readonly copiedBytes: number
  /** Of the request. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A strict S3 server in memory, on the loopback interface, path-style: signatures, checksums, conditions, versions,
 * object lock, tags, ACLs, multipart uploads and paging behave as Amazon S3 documents them, and a wrong client gets the
 * error that it would get there. `ignore` makes it as lax as some servers are.
 */
export class S3Server implements S3Context {
  readonly credentials: Credentials = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key' }
  readonly requests: RequestRecord[] = []
  readonly #buckets = new Map<string, Bucket>()
  readonly #ignored: ReadonlySet<Weakness>
  readonly #server: Server

  readonly minPartBytes: number
  readonly #scheme: 'http' | 'https'

  private constructor({ ignore = [], minPartBytes = 5 * 1024 ** 2, tls }: S3ServerOptions) {
    this.minPartBytes = minPartBytes
    this.#ignored = new Set(ignore)
    const answer = (message: IncomingMessage, response: ServerResponse): void => {
      this.#answer(message, response).catch(() => response.destroy())
    }
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  }

  static async start(options: S3ServerOptions = {}): Promise<S3Server> {
    const server = new S3Server(options)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  ignores(weakness: Weakness): boolean {
    return this.#ignored.has(weakness)
  }

  makeBucket(
    name: string,
    { objectLock = false, versioning = 'Off' }: Partial<Pick<Bucket, 'objectLock' | 'versioning'>> = {},
  ): Bucket {
    if (this.#buckets.has(name)) throw new S3Error(409, 'BucketAlreadyOwnedByYou')
    const bucket = new Bucket()
    bucket.objectLock = objectLock
    bucket.versioning = objectLock ? 'Enabled' : versioning
    this.#buckets.set(name, bucket)
    return bucket
  }

  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) throw new S3Error(404, 'NoSuchBucket')
    return bucket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(message: Parameters<typeof readRequest>[0], response: ServerResponse): Promise<void> {
    let request: S3Request | undefined
    let answer: S3Response
    try {
      request = await readRequest(message, this.credentials)
      answer = this.#route(request)
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      const body =
        error.status === 304 || message.method === 'HEAD'
          ? undefined
          : xmlDocument('Error', { Code: error.code, Message: error.code })
      answer = { status: error.status, headers: error.headers, ...(body === undefined ? {} : { body }) }
    }
    const body = Buffer.from(answer.body ?? '')
    this.requests.push({
      operation: operationOf(message.method!, request),
      bucket: request?.bucket ?? '',
      key: request?.key,
      status: answer.status,
      receivedBytes: request?.body.length ?? 0,
      sentBytes: message.method === 'HEAD' ? 0 : body.length,
      range: rangeIn(request?.headers['range']),
      copiedBytes: answer.status === 200 ? lengthOf(rangeIn(request?.headers['x-amz-copy-source-range'])) : 0,
      headers: request?.headers ?? {},
    })
    response.writeHead(answer.status, {
      'content-length': String(body.length),
      'x-amz-request-id': 'test',
      ...answer.headers,
    })
    response.end(message.method === 'HEAD' ? undefined : body)
  }

  #route(request: S3Request): S3Response {
    const { key, query, bucket } = request
    if (bucket === '') throw new S3Error(501, 'NotImplemented')
    if (key === undefined) return answerBucket(this, request)
    if (Buffer.byteLength(key) > 1024) throw new S3Error(400, 'KeyTooLongError')
    const about = { ...request, key }
    return query.has('uploads') || query.has('uploadId')
      ? answerMultipart(this, this.bucket(bucket), about)
      : answerObject(this, this.bucket(bucket), about)
  }
}

function rangeIn(header: string | undefined): RequestRecord['range'] {
  const parts = /^bytes=([0-9]+)-([0-9]+)$/.exec(header ?? '')
  return parts === null ? undefined : { start: Number(parts[1]), end: Number(parts[2]) + 1 }
}

const lengthOf = (range: RequestRecord['range']): number => (range === undefined ? 0 : range.end - range.start)

const telling = [
  'uploads',
  'uploadId',
  'versions',
  'versioning',
  'tagging',
  'acl',
  'retention',
  'legal-hold',
  'attributes',
  'delete',
  'list-type',
]

function operationOf(method: string, request: S3Request | undefined): string {
  const sub = telling.find((name) => request?.query.has(name) === true)
  const copy = request?.headers['x-amz-copy-source'] === undefined ? '' : ' copy'
  return `${method}${sub === undefined ? '' : `?${sub}`}${copy}`
}
