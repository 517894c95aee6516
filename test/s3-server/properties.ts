import type { Bucket, Grant, Properties, StoredVersion } from './bucket.ts'
import { checksumHeader } from './checksum.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import { textOf, textsOf, unescapeText } from './xml.ts'

const kept = [
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key-md5',
]

const maxUserMetadataBytes = 2048
const ownerGrants: readonly Grant[] = [{ grantee: 'owner', permission: 'FULL_CONTROL' }]

/** The properties that a write names in its headers. */
export function propertiesOf({ headers }: Pick<S3Request, 'headers'>, bucket: Bucket): Omit<Properties, 'checksum'> {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  const bytes = metadata.reduce((sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length, 0)
  if (bytes > maxUserMetadataBytes) throw new S3Error(400, 'MetadataTooLarge')
  const mode = headers['x-amz-object-lock-mode']
  const until = headers['x-amz-object-lock-retain-until-date']
  const legalHold = headers['x-amz-object-lock-legal-hold'] === 'ON'
  if ((mode !== undefined || legalHold) && !bucket.objectLock) throw new S3Error(400, 'InvalidRequest')
  const named = kept.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]))
  return {
    headers: { 'content-type': 'binary/octet-stream', ...Object.fromEntries([...named, ...metadata]) },
    tags: tagsOfHeader(headers['x-amz-tagging']),
    grants: grantsOf(headers),
    retention: mode === undefined ? undefined : { mode, until: new Date(until!) },
    legalHold,
  }
}

/** The headers by which a version answers. */
export function headersOf(version: StoredVersion, request: S3Request): Record<string, string> {
  const { 'x-amz-storage-class': storageClass, ...headers } = version.headers
  return {
    ...headers,
    ...(storageClass === undefined || storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': storageClass }),
    etag: `"${version.etag}"`,
    'last-modified': version.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    ...(version.tags.size === 0 ? {} : { 'x-amz-tagging-count': String(version.tags.size) }),
    ...(version.retention === undefined
      ? {}
      : {
          'x-amz-object-lock-mode': version.retention.mode,
          'x-amz-object-lock-retain-until-date': version.retention.until.toISOString(),
        }),
    ...(version.legalHold ? { 'x-amz-object-lock-legal-hold': 'ON' } : {}),
    ...(request.headers['x-amz-checksum-mode'] === 'ENABLED' ? checksumHeaders(version) : {}),
  }
}

export function checksumHeaders({ checksum }: Pick<StoredVersion, 'checksum'>): Record<string, string> {
  if (checksum === undefined) return {}
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type }
}

function tagsOfHeader(header: string | undefined): Map<string, string> {
  return checkTags(new Map(new URLSearchParams(header ?? '')))
}

export function tagsOfXml(xml: string): Map<string, string> {
  return checkTags(new Map(textsOf(xml, 'Tag').map((tag) => [textOf(tag, 'Key')!, textOf(tag, 'Value') ?? ''])))
}

function checkTags(tags: Map<string, string>): Map<string, string> {
  if (tags.size > 10) throw new S3Error(400, 'BadRequest')
  return tags
}

const granting: Readonly<Record<string, string>> = {
  'x-amz-grant-read': 'READ',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
  'x-amz-grant-full-control': 'FULL_CONTROL',
}

function grantsOf(headers: Readonly<Record<string, string>>): readonly Grant[] {
  if (headers['x-amz-acl'] === 'public-read') return [...ownerGrants, { grantee: 'uri:AllUsers', permission: 'READ' }]
  const named = Object.entries(granting).flatMap(([name, permission]) =>
    (headers[name] ?? '')
      .split(',')
      .filter((grantee) => grantee.trim() !== '')
      .map((grantee) => ({ grantee: granteeOf(grantee.trim()), permission })),
  )
  return named.length > 0 ? named : ownerGrants
}

/** `id="..."` or `uri="..."` of a grant header. */
function granteeOf(text: string): string {
  const parts = /^(id|uri)="?([^"]*)"?$/.exec(text)
  if (parts === null) throw new S3Error(400, 'InvalidArgument')
  return parts[1] === 'id' ? parts[2]! : `uri:${parts[2]!.split('/').at(-1)}`
}

export function grantsOfXml(xml: string): Grant[] {
  return textsOf(xml, 'Grant').map((grant) => {
    const uri = textOf(grant, 'URI')
    const grantee = uri === undefined ? (textOf(grant, 'ID') ?? '') : `uri:${unescapeText(uri).split('/').at(-1)}`
    return { grantee, permission: textOf(grant, 'Permission')! }
  })
}
