import { s3Limits } from '../../src/adapters/object-store/s3/plan-parts.ts'
import { makeS3Store } from '../../src/adapters/object-store/s3/s3-store.ts'
import { formats } from '../../src/compose.ts'
import { bind } from '../../src/domain/predicate.ts'
import type { ObjectReport } from '../../src/domain/report.ts'
import { erase } from '../../src/engine/erase.ts'
import { find } from '../../src/engine/find.ts'
import type { ObjectStore } from '../../src/ports/object-store.ts'
import type { Bucket, StoredVersion } from './bucket.ts'
import { FaultProxy } from './fault-proxy.ts'
import type { Weakness } from './s3-context.ts'
import { S3Server } from './s3-server.ts'

/** Whoever erases the person of the bench from all objects below `s3://lake/data/`, at an endpoint. */
export type Eraser = (endpoint: string) => Promise<readonly ObjectReport[]>

export const person = 'ada.lovelace-4711'
const minPartBytes = 8 * 1024

/**
 * A lake that has what goes wrong: an object that is written in parts and one that is not, both with old versions that
 * hold the person, and neighbours whose keys begin alike.
 */
export interface Bench extends AsyncDisposable {
  readonly bucket: Bucket
  readonly proxy: FaultProxy
  /** The lake as it was at the start. */
  reset(): void
  /** Another writer's object, at once and with no way to fail. */
  put(key: string, text: string): StoredVersion
}

export const keys = { large: 'data/a.ndjson', small: 'data/b.ndjson' }
const neighbours = ['data/a.ndjson2.ndjson', 'data/b.ndjson.ndjson']

const row = (user: string, n: number): string => `${JSON.stringify({ user, n, text: 'x'.repeat(200) })}\n`
const rows = (first: number, last: number): string =>
  Array.from({ length: last - first }, (_, index) => row('somebody', first + index)).join('')

/** Of each object, with and without the person's rows. */
export const before = {
  large: rows(0, 80) + row(person, 80) + rows(81, 200),
  small: row(person, 0) + row('somebody', 1),
}
export const after = { large: rows(0, 80) + rows(81, 200), small: row('somebody', 1) }

export interface BenchOptions {
  readonly versioning?: Bucket['versioning']
  readonly ignore?: readonly Weakness[]
  /** Without the small object and the neighbours, for tests of many runs. */
  readonly onlyLarge?: boolean
}

export async function startBench({
  versioning = 'Enabled',
  ignore = [],
  onlyLarge = false,
}: BenchOptions = {}): Promise<Bench> {
  const server = await S3Server.start({ ignore, minPartBytes })
  const proxy = await FaultProxy.start(server.endpoint)
  const bucket = server.makeBucket('lake', { versioning })
  process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
  const bench: Bench = {
    bucket,
    proxy,
    put(key, text) {
      const bytes = Buffer.from(text)
      return bucket.put(key, { bytes })
    },
    reset() {
      proxy.reset()
      bucket.uploads.clear()
      for (const key of bucket.keys()) bucket.forget(key)
      bench.put(keys.large, before.large + row(person, 999))
      bench.put(keys.large, before.large)
      if (onlyLarge) return
      for (const key of neighbours) for (const text of [rows(0, 2), rows(0, 3)]) bench.put(key, text)
      bench.put(keys.small, before.small + row(person, 999))
      bench.put(keys.small, before.small)
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
  bench.reset()
  return bench
}

/** Lethe itself, its store as it is or changed by a test into a wrong one. */
export function letheEraser(
  change: (store: ObjectStore) => ObjectStore = (store) => store,
  signal = new AbortController().signal,
): Eraser {
  return async (endpoint) => {
    const limits = { ...s3Limits, minPartBytes, maxUploadBytes: 2 * minPartBytes }
    const store = change(makeS3Store({ endpoint, region: 'us-east-1' }, { limits }))
    const predicate = bind([{ kind: 'simple', value: person, position: 0 }], ['user'])
    const lake = { store, formats }
    // One at a time, so that the n-th request is always the same one.
    const found = await find(lake, {
      targets: ['s3://lake/data/'],
      predicate,
      malformed: 'refuse',
      concurrency: 1,
      signal,
    })
    const { reports } = await erase(lake, { found, empty: 'keep', dryRun: false, concurrency: 1, signal })
    return reports
  }
}

/** What must hold after every fault, and what does not; in words. */
export function violations(bench: Bench, reports: readonly ObjectReport[]): string[] {
  const { bucket } = bench
  const wrong: string[] = []
  for (const name of ['large', 'small'] as const) {
    const key = keys[name]
    const text = bucket.current(key)?.bytes.toString()
    if (text !== before[name] && text !== after[name]) wrong.push(`${key} is neither old nor new`)
    const report = reports.find(({ uri, versionId }) => uri === `s3://lake/${key}` && versionId === undefined)
    const holding = bucket.versions(key).filter(({ bytes }) => bytes.includes(person))
    if (report?.status === 'erased' && holding.length > 0) wrong.push(`${key} is said to be erased and is not`)
  }
  for (const key of neighbours) {
    const texts = bucket.versions(key).map(({ bytes }) => bytes.toString())
    if (texts.join('|') !== [rows(0, 3), rows(0, 2)].join('|')) wrong.push(`${key}, a neighbour, is not as it was`)
  }
  return wrong
}

/** What must hold besides once faults have stopped and it was run again. */
export function violationsAtTheEnd(bench: Bench, reports: readonly ObjectReport[]): string[] {
  const { bucket } = bench
  const wrong = violations(bench, reports)
  for (const name of ['large', 'small'] as const) {
    const versions = bucket.versions(keys[name])
    if (bucket.current(keys[name])?.bytes.toString() !== after[name]) wrong.push(`${keys[name]} is not erased`)
    if (versions.some(({ bytes }) => bytes.includes(person))) wrong.push(`a version of ${keys[name]} is left`)
  }
  const left = [...bucket.uploads.values()].map(({ key, parts }) => `${key} (${parts.size} parts)`)
  if (left.length > 0) wrong.push(`unfinished uploads are left: ${left.join(', ')}`)
  for (const { uri, status, reason } of reports) {
    if (status === 'failed' || status === 'refused') wrong.push(`${uri} ${status}: ${reason?.message}`)
  }
  return wrong
}
