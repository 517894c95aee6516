import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type ChecksumAlgorithm, checksum, checksumAlgorithms, checksumHeader } from './checksum.ts'
import { S3Error } from './s3-error.ts'

/** A request whose signature and checksums hold, its body decoded. */
export interface S3Request {
  readonly method: string
  readonly bucket: string
  /** Undefined for a request about a bucket. */
  readonly key: string | undefined
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** The checksum that the client sent along; already compared with the body. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export async function readRequest(message: IncomingMessage, credentials: Credentials): Promise<S3Request> {
  const [rawPath, rawQuery = ''] = message.url!.split('?', 2) as [string, string?]
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]))
  const received: Buffer[] = []
  for await (const chunk of message) received.push(chunk as Buffer)
  const raw = Buffer.concat(received)
  verifySignature({ method: message.method!, rawPath, rawQuery, headers, raw }, credentials)

  const streamed = headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true
  const { body, trailers } = streamed ? decodeChunks(raw) : { body: raw, trailers: {} }
  const expected = headers['x-amz-decoded-content-length']
  if (expected !== undefined && Number(expected) !== body.length) throw new S3Error(400, 'IncompleteBody')
  const [, bucket = '', ...rest] = rawPath.split('/')
  const key =
    rest.length === 0 || (rest.length === 1 && rest[0] === '') ? undefined : decodeURIComponent(rest.join('/'))
  return {
    method: message.method!,
    bucket: decodeURIComponent(bucket),
    key,
    query: new URLSearchParams(rawQuery.replaceAll('+', '%2B')),
    headers,
    body,
    checksum: verifyChecksum(body, { ...headers, ...trailers }),
  }
}

interface SignedRequest {
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: Readonly<Record<string, string>>
  readonly raw: Buffer
}

/** Signature Version 4 in the Authorization header. */
function verifySignature(request: SignedRequest, { accessKeyId, secretAccessKey }: Credentials): void {
  const { headers } = request
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([0-9]{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    )
  if (parts === null) throw new S3Error(403, 'AccessDenied')
  const [, id, date, region, signedHeaders, signature] = parts as unknown as string[]
  if (id !== accessKeyId) throw new S3Error(403, 'InvalidAccessKeyId')
  const payloadHash = headers['x-amz-content-sha256'] ?? ''
  if (/^[0-9a-f]{64}$/.test(payloadHash) && sha256(request.raw) !== payloadHash) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch')
  }
  const names = signedHeaders!.split(';')
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !names.includes(name))
  if (unsigned.length > 0) throw new S3Error(403, 'AccessDenied')
  const canonical = [
    request.method,
    request.rawPath,
    canonicalQuery(request.rawQuery),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    payloadHash,
  ].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(Buffer.from(canonical))].join('\n')
  const key = [date!, region!, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  if (hmac(key, toSign).toString('hex') !== signature) throw new S3Error(403, 'SignatureDoesNotMatch')
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return ''
  const pairs = rawQuery.split('&').map((pair) => (pair.includes('=') ? pair : `${pair}=`))
  return pairs.sort().join('&')
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The content encoding `aws-chunked`, with or without chunk signatures, which are not checked again. */
function decodeChunks(raw: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = []
  let position = 0
  const line = (): string => {
    const end = raw.indexOf('\r\n', position)
    if (end === -1) throw new S3Error(400, 'IncompleteBody')
    const text = raw.subarray(position, end).toString('latin1')
    position = end + 2
    return text
  }
  for (;;) {
    const size = Number.parseInt(line().split(';')[0]!, 16)
    if (size === 0) break
    if (!(position + size + 2 <= raw.length)) throw new S3Error(400, 'IncompleteBody')
    chunks.push(raw.subarray(position, position + size))
    position += size + 2
  }
  const trailers: Record<string, string> = {}
  for (let text = line(); text !== ''; text = position < raw.length ? line() : '') {
    const at = text.indexOf(':')
    trailers[text.slice(0, at).toLowerCase()] = text.slice(at + 1).trim()
  }
  return { body: Buffer.concat(chunks), trailers }
}

function verifyChecksum(body: Buffer, headers: Readonly<Record<string, string>>): S3Request['checksum'] {
  const md5 = headers['content-md5']
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) throw new S3Error(400, 'BadDigest')
  const sent = checksumAlgorithms.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined)
  if (sent.length > 1) throw new S3Error(400, 'InvalidRequest')
  const algorithm = sent[0]
  if (algorithm === undefined) return undefined
  const value = headers[checksumHeader(algorithm)]!
  // Of a CompleteMultipartUpload the header speaks of the object, not of the body.
  if (body.length > 0 && body.subarray(0, 60).includes('CompleteMultipartUpload')) return { algorithm, value }
  if (checksum(algorithm, body) !== value) throw new S3Error(400, 'BadDigest')
  return { algorithm, value }
}
