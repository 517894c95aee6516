import { makeFileKeyRing } from './adapters/key-ring/file/file-key-ring.ts'
import { makeFileStore } from './adapters/object-store/file/file-store.ts'
import { limitStore } from './adapters/object-store/limits/limited-store.ts'
import { makeRate } from './adapters/object-store/limits/rate.ts'
import { makeTurns } from './adapters/object-store/limits/turns.ts'
import type { S3Access } from './adapters/object-store/s3/s3-access.ts'
import type { Configuration, StoreConfiguration } from './config.ts'
import type { DataMapper, Role } from './domain/data-mapper.ts'
import { LetheError } from './domain/error.ts'
import { literalPattern, type ObjectPattern, parseObjectPattern } from './domain/object-pattern.ts'
import { parseSidecarPattern } from './domain/sidecar-pattern.ts'
import type { JobWorld } from './engine/jobs/job-world.ts'
import type { MapperPlace } from './engine/mappers/check-mapper.ts'
import { destroyFinishedKeys } from './engine/queue/destroy-finished-keys.ts'
import { unsealMatches } from './engine/queue/unseal-matches.ts'
import { avro } from './formats/avro/avro.ts'
import { codecs } from './formats/compression/codecs.ts'
import { compressed } from './formats/compression/compressed.ts'
import { csv } from './formats/csv/csv.ts'
import type { CsvOptions } from './formats/csv/options.ts'
import type { DetectableFormat } from './formats/format.ts'
import { ndjson } from './formats/ndjson/ndjson.ts'
import { onlyFormat } from './formats/only-format.ts'
import { makeParquet } from './formats/parquet/parquet.ts'
import { plain } from './formats/plain.ts'
import type { AuditStore } from './ports/audit-store.ts'
import type { JobStore } from './ports/job-store.ts'
import type { KeyRing } from './ports/key-ring.ts'
import type { MapperStore } from './ports/mapper-store.ts'
import type { ObjectStore } from './ports/object-store.ts'
import type { QueueStore } from './ports/queue-store.ts'
import type { ScheduleStore } from './ports/schedule-store.ts'
import { threadCount } from './thread-count.ts'

/** Where a run's objects live, and the formats that they may have. */
export interface Lake {
  readonly store: ObjectStore
  readonly formats: readonly DetectableFormat[]
}

/** How many threads it has is asked when it first has something for them: who only imports this may not care. */
const parquet = makeParquet({
  get threadCount() {
    return threadCount(process.env)
  },
})

/** Every format that Lethe knows, CSV by what each object shows. */
export const formats: readonly DetectableFormat[] = makeFormats({})

/** Where two formats could be meant by a name alone, the first is: compressions go before what takes any name. */
function makeFormats(csvOptions: CsvOptions): readonly DetectableFormat[] {
  const rowFormats = [ndjson, csv(csvOptions)]
  return [parquet, avro, ...codecs.flatMap((codec) => compressed(codec, rowFormats)), ...rowFormats.map(plain)]
}

/** How stores are reached, as far as a caller says so. */
export interface StoreAccess {
  readonly s3?: S3Access
}

/**
 * A store for each scheme of targets, e.g. `s3` of `s3://bucket/key`; local paths have none. The client of a cloud is
 * loaded only where it is needed: it takes longer than a small run over files.
 */
const stores: Readonly<Record<string, (access: StoreAccess) => Promise<ObjectStore>>> = {
  '': () => Promise.resolve(makeFileStore()),
  s3: async ({ s3 }) => (await import('./adapters/object-store/s3/s3-store.ts')).makeS3Store(s3),
}

/**
 * Builds what a run over the targets needs: the one place that knows technologies.
 *
 * @throws LetheError `invalid-argument` for targets of a store that is not known, or of several, and for options that no
 *   CSV file can have; `invalid-config` for LETHE_THREADS.
 */
export async function openLake(
  targets: readonly string[],
  access: StoreAccess = {},
  csvOptions?: CsvOptions,
): Promise<Lake> {
  threadCount(process.env)
  const schemes = new Set(targets.map(schemeOf))
  const [scheme = ''] = schemes
  const makeStore = stores[scheme]
  if (makeStore === undefined) {
    throw new LetheError(
      'invalid-argument',
      'a target is in a store that is not known here; targets are local paths or s3://',
    )
  }
  if (schemes.size > 1) {
    throw new LetheError('invalid-argument', 'the targets are in several stores; run lethe once for each')
  }
  return { store: await makeStore(access), formats: csvOptions === undefined ? formats : makeFormats(csvOptions) }
}

function schemeOf(target: string): string {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1]?.toLowerCase() ?? ''
}

/** A store of the configuration. */
export interface NamedStore {
  readonly store: ObjectStore
  /** All of it, as a target. */
  readonly root: string
  /** A location within it (an object, a folder, a glob) as a target of the store. */
  target(location: string): string
  /** A mapper's `objectMatch`, which is written from the root. */
  objectPattern(pattern: string): ObjectPattern
}

/** @param role to assume in place of the one that the configuration has */
export async function openNamedStore(
  configured: StoreConfiguration,
  { role }: { readonly role?: Role } = {},
): Promise<NamedStore> {
  if ('folder' in configured) {
    const root = `${configured.folder.replace(/\/+$/, '')}/`
    return { store: await stores['']!({}), ...namesBelow(root) }
  }
  const { bucket, prefix, role: own, limits: _, ...access } = configured
  const assumed = role ?? own
  const s3 = { ...access, ...(assumed === undefined ? {} : { assumeRole: assumed }) }
  return { store: await stores['s3']!({ s3 }), ...namesBelow(`s3://${bucket}/${prefix}`) }
}

function namesBelow(root: string): Omit<NamedStore, 'store'> {
  return {
    root,
    target: (location) => escapedGlob(root) + location,
    objectPattern: (pattern) => parseObjectPattern(literalPattern(root) + pattern),
  }
}

/** What is a name in the configuration stays one where a glob follows. */
function escapedGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!+@|]/g, '\\$&')
}

/**
 * Where a mapper looks, and the formats that it finds there.
 *
 * @throws LetheError `not-found` for a store that the configuration does not have
 */
export async function openMapperPlace(
  mapper: DataMapper,
  { stores: configured }: Pick<Configuration, 'stores'>,
): Promise<MapperPlace> {
  const named = Object.hasOwn(configured, mapper.store) ? configured[mapper.store] : undefined
  if (named === undefined) {
    const message = `the data mapper ${mapper.name} names a store that the configuration does not have`
    throw new LetheError('not-found', message, { detail: { store: mapper.store } })
  }
  const { store, target, objectPattern } = await openNamedStore(
    named,
    mapper.role === undefined ? {} : { role: mapper.role },
  )
  return {
    store,
    formats: mapperFormats(mapper),
    target: target(mapper.location),
    ...wholeObjectsOf(mapper, objectPattern),
  }
}

function wholeObjectsOf(
  { objectMatch, objectTags, sidecar }: DataMapper,
  objectPattern: NamedStore['objectPattern'],
): Pick<MapperPlace, 'wholeObjects'> {
  if (objectMatch === undefined && objectTags === undefined && sidecar === undefined) return {}
  return {
    wholeObjects: {
      ...(objectMatch === undefined ? {} : { pattern: objectPattern(objectMatch) }),
      ...(objectTags === undefined ? {} : { tags: objectTags }),
      ...(sidecar === undefined ? {} : { sidecar: parseSidecarPattern(sidecar) }),
    },
  }
}

/** A mapper that says CSV says it of every name, but not of what is something else by its content. */
function mapperFormats({ format, csv: dialect }: Pick<DataMapper, 'format' | 'csv'>): readonly DetectableFormat[] {
  if (format !== 'csv') {
    const all = dialect === undefined ? formats : makeFormats(dialect)
    return format === undefined ? all : onlyFormat(all, format)
  }
  return onlyFormat(makeFormats({ ...dialect, moreEndings: [''] }), format)
}

/** The state of what was configured: mappers, queue, and the keys of its matches. */
export interface Workspace extends AsyncDisposable {
  readonly mappers: MapperStore
  readonly queue: QueueStore
  readonly keyRing: KeyRing
  readonly jobs: JobStore
  readonly schedules: ScheduleStore
  readonly audit: AuditStore
}

/**
 * Opens the state. Loaded only here: the embedded database takes seconds and half a gigabyte.
 *
 * @throws LetheError `state-locked`, `state-newer`, `state-unavailable`
 */
export async function openWorkspace({ state, keys }: Pick<Configuration, 'state' | 'keys'>): Promise<Workspace> {
  const [
    { openState },
    { makeMapperStore },
    { makeQueueStore },
    { makeJobStore },
    { makeScheduleStore },
    { makeAuditStore },
  ] = await Promise.all([
    import('./adapters/state/postgres/open-state.ts'),
    import('./adapters/state/postgres/mapper-store.ts'),
    import('./adapters/state/postgres/queue-store.ts'),
    import('./adapters/state/postgres/jobs/job-store.ts'),
    import('./adapters/state/postgres/schedule-store.ts'),
    import('./adapters/state/postgres/audit-store.ts'),
  ])
  const opened = await openState(state)
  return {
    mappers: makeMapperStore(opened.db),
    queue: makeQueueStore(opened.db),
    keyRing: makeFileKeyRing(keys),
    jobs: makeJobStore(opened.db),
    schedules: makeScheduleStore(opened.db),
    audit: makeAuditStore(opened.db),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

/** What jobs are carried out in: the state, and the stores of the configuration. */
export function makeJobWorld(
  workspace: Omit<Workspace, 'schedules' | 'audit'>,
  configuration: Pick<Configuration, 'stores'> & Partial<Pick<Configuration, 'prices'>>,
): JobWorld {
  // Whatever is opened of a store in this process shares its limits.
  const limits = new Map(Object.entries(configuration.stores).map(([name, store]) => [name, makeLimits(store)]))
  return {
    jobs: workspace.jobs,
    async openScope(mapper) {
      const place = await openMapperPlace(mapper, configuration)
      const store = configuration.stores[mapper.store]!
      const { prices } = configuration
      const billed = 'bucket' in store && prices !== undefined ? { prices } : {}
      const { rates, turn } = limits.get(mapper.store)!
      const limited = rates === undefined ? place.store : limitStore(place.store, rates)
      return {
        ...place,
        store: limited,
        place: physicalPlace(store),
        ...billed,
        ...(turn === undefined ? {} : { turn }),
      }
    },
    matchesOf: (jobId) => unsealMatches(workspace, jobId),
    destroyFinishedKeys: () => destroyFinishedKeys(workspace),
  }
}

function makeLimits({ limits = {} }: StoreConfiguration) {
  const { objects, requestsPerSecond, bytesPerSecond } = limits
  const rates = {
    ...(requestsPerSecond === undefined ? {} : { requests: makeRate(requestsPerSecond) }),
    ...(bytesPerSecond === undefined ? {} : { bytes: makeRate(bytesPerSecond) }),
  }
  return {
    rates: Object.keys(rates).length === 0 ? undefined : rates,
    turn: objects === undefined ? undefined : makeTurns(objects),
  }
}

/** Keys of objects begin with their folder or bucket: what they do not say is the server. */
function physicalPlace(store: StoreConfiguration): string {
  return 'folder' in store ? 'file' : `s3 ${store.endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? ''}`
}
