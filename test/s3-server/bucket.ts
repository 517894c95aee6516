import { randomBytes } from 'node:crypto'
import { type ChecksumAlgorithm, md5 } from './checksum.ts'
import { S3Error } from './s3-error.ts'

export interface Grant {
  readonly grantee: string
  readonly permission: string
}

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  readonly value: string
}

/** What a version is beside its bytes. */
export interface Properties {
  /** Headers that come back as they were sent: content-*, cache-control, expires, x-amz-meta-*, encryption, class. */
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: StoredChecksum | undefined
  tags: ReadonlyMap<string, string>
  grants: readonly Grant[]
  retention: { readonly mode: string; readonly until: Date } | undefined
  legalHold: boolean
}

/** Of an object of which nothing was said. */
const plain: Properties = {
  headers: {},
  checksum: undefined,
  tags: new Map(),
  grants: [],
  retention: undefined,
  legalHold: false,
}

export interface StoredVersion extends Properties {
  readonly kind: 'object' | 'marker'
  /** `null` for what was written while versioning was not enabled. */
  readonly versionId: string
  readonly bytes: Buffer
  /** Without quotes. */
  readonly etag: string
  readonly lastModified: Date
}

export interface Upload {
  readonly id: string
  readonly key: string
  readonly initiated: Date
  readonly properties: Properties
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>
}

/** A bucket in memory: for each key its versions, newest first. */
export class Bucket {
  versioning: 'Off' | 'Enabled' | 'Suspended' = 'Off'
  objectLock = false
  mfaDelete = false
  /** Configurations by their subresource, e.g. `lifecycle`, as XML; `denied` where they may not be read. */
  readonly configurations = new Map<string, string>()
  readonly uploads = new Map<string, Upload>()
  readonly #keys = new Map<string, StoredVersion[]>()

  /** Keys in the order of their UTF-8 bytes. */
  keys(): string[] {
    return [...this.#keys.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  versions(key: string): readonly StoredVersion[] {
    return this.#keys.get(key) ?? []
  }

  /** The newest version that is no marker at the top; undefined where the object does not exist. */
  current(key: string): StoredVersion | undefined {
    const newest = this.versions(key)[0]
    return newest?.kind === 'object' ? newest : undefined
  }

  /** What a request means by its key and, where given, its version id. */
  find(key: string, versionId: string | null): StoredVersion {
    if (versionId !== null) {
      const version = this.versions(key).find((candidate) => candidate.versionId === versionId)
      if (version === undefined) throw new S3Error(404, 'NoSuchVersion')
      if (version.kind === 'marker') throw new S3Error(405, 'MethodNotAllowed', { 'x-amz-delete-marker': 'true' })
      return version
    }
    const current = this.current(key)
    if (current === undefined) {
      const isMarker = this.versions(key).length > 0
      throw new S3Error(404, 'NoSuchKey', isMarker ? { 'x-amz-delete-marker': 'true' } : {})
    }
    return current
  }

  put(
    key: string,
    { bytes, etag = md5(bytes) }: Pick<StoredVersion, 'bytes'> & { readonly etag?: string },
    properties: Partial<Properties> = {},
  ): StoredVersion {
    return this.#add(key, { kind: 'object', bytes, etag, ...plain, ...properties })
  }

  /** A delete without a version id: a marker where versioning is on, else the object is gone. */
  remove(key: string): StoredVersion | undefined {
    if (this.versioning === 'Off') {
      this.#keys.delete(key)
      return undefined
    }
    return this.#add(key, {
      kind: 'marker',
      bytes: Buffer.alloc(0),
      etag: '',
      ...plain,
    })
  }

  /** Every version of a key goes, with no request: for tests that begin anew. */
  forget(key: string): void {
    this.#keys.delete(key)
  }

  /** A delete of one version, for good. */
  removeVersion(
    key: string,
    versionId: string,
    { bypassGovernance, now }: { bypassGovernance: boolean; now: Date },
  ): StoredVersion | undefined {
    const versions = this.#keys.get(key) ?? []
    const at = versions.findIndex((version) => version.versionId === versionId)
    const version = versions[at]
    if (version === undefined) return undefined
    const isRetained = version.retention !== undefined && version.retention.until > now
    const mayBypass = bypassGovernance && version.retention?.mode === 'GOVERNANCE'
    if (version.legalHold || (isRetained && !mayBypass)) throw new S3Error(403, 'AccessDenied')
    versions.splice(at, 1)
    if (versions.length === 0) this.#keys.delete(key)
    return version
  }

  #add(key: string, content: Omit<StoredVersion, 'versionId' | 'lastModified'>): StoredVersion {
    const versionId = this.versioning === 'Enabled' ? randomBytes(16).toString('base64url') : 'null'
    const version: StoredVersion = { ...content, versionId, lastModified: new Date() }
    const others = (this.#keys.get(key) ?? []).filter((other) => other.versionId !== versionId)
    this.#keys.set(key, [version, ...others])
    return version
  }
}
