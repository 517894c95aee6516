import { chooseColumn } from '../domain/column.ts'
import { LetheError } from '../domain/error.ts'
import { type JudgeSource, judgeSources } from '../domain/judge-source.ts'
import { makeObjectMatch, type ObjectVerdict } from '../domain/object-match.ts'
import type { ObjectPattern } from '../domain/object-pattern.ts'
import { combineReadings, type Reading } from '../domain/object-reading.ts'
import type { PartitionColumn } from '../domain/partition.ts'
import type { Predicate } from '../domain/predicate.ts'
import type { SidecarPattern } from '../domain/sidecar-pattern.ts'
import type { CallOptions, ListedObject, ObjectStore } from '../ports/object-store.ts'
import { agreedVerdict } from './named-object.ts'
import { readSidecar, readSidecarOf, type Sidecar, type SidecarReadings } from './sidecar.ts'

/** What says of objects as a whole whose they are; those are removed whole, or need not be read. */
export interface WholeObjects {
  /** Columns that the name of an object gives. */
  readonly pattern?: ObjectPattern
  /** Tags of objects that are columns of the same name. */
  readonly tags?: readonly string[]
  /** A JSON file beside an object, the columns of which are the object's. */
  readonly sidecar?: SidecarPattern
}

export interface Judgement {
  readonly verdict: ObjectVerdict
  /** No tag and no sidecar has said anything. */
  readonly isByNameAlone: boolean
  /** Where there is one beside an object that is current. */
  readonly sidecar?: Sidecar
}

export interface ObjectJudge {
  judge(object: ListedObject, partitions: readonly PartitionColumn[]): Promise<Judgement>
  /** The key of the object that one of this key would be the sidecar of. */
  ownerOf(key: string): string | undefined
  sidecarOf(key: string): string | undefined
  /** What has said so of some object up to now. */
  heard(): readonly JudgeSource[]
  /**
   * @param listedSidecars how many files of a sidecar's name there are
   * @throws LetheError `no-data` where something that should say whose objects are has said it of none
   */
  requireHeard(listedSidecars: number): void
}

type Store = Pick<ObjectStore, 'open' | 'oldVersions' | 'tags'>

/** @throws LetheError `invalid-argument` where tags are asked for in a store that has none. */
export function makeObjectJudge(
  store: Store,
  { wholeObjects, predicate, ...options }: CallOptions & { wholeObjects: WholeObjects; predicate: Predicate },
): ObjectJudge {
  const { pattern, tags = [], sidecar } = wholeObjects
  if (tags.length > 0 && store.tags === undefined) {
    throw new LetheError('invalid-argument', '--object-tag is for objects in S3: local files have no tags')
  }
  const objectMatch = makeObjectMatch(predicate)
  const columns = [...predicate.columns.keys()]
  const sources = judgeSources({ hasPattern: pattern !== undefined, hasSidecar: sidecar !== undefined, tags })
  const silent = new Set(sources)

  const readName = (name: string) => {
    const readings = pattern === undefined ? [] : pattern.readings(name)
    if (readings?.length !== 0) silent.delete('name')
    return readings
  }

  const readTags = async ({ key, versionId }: ListedObject): Promise<readonly Reading[]> => {
    if (tags.length === 0) return []
    const version = versionId === undefined ? {} : { versionId }
    const reading = tagsAsked(tags, await store.tags!(key, { ...options, ...version }))
    for (const tag of reading.keys()) silent.delete(`tag ${tag}`)
    return reading.size === 0 ? [] : [reading]
  }

  const readBeside = async (object: ListedObject): Promise<SidecarReadings> => {
    if (sidecar === undefined) return { readings: [] }
    const read = await readSidecarOf(store, object, { pattern: sidecar, columns, ...options })
    if (read.readings.length > 0) silent.delete('sidecar')
    return read
  }

  /** Of a sidecar that is looked at by itself: what it says of the object whose name it has. */
  const judgeSidecar = async (object: ListedObject, partitions: readonly PartitionColumn[]): Promise<Judgement> => {
    silent.delete('sidecar')
    const version = object.versionId === undefined ? {} : { versionId: object.versionId }
    const read = await readSidecar(store, object.key, { columns, ...options, ...version })
    if (read === undefined) throw new LetheError('object-missing', 'the object is gone since it was listed')
    const names = namesOf(object).map((name) => sidecar!.ownerOf(name) ?? name)
    const readingsOf = (name: string) => combineReadings([readName(name), [read.reading]])
    const verdict = agreedVerdict(names, (name) => objectMatch(readingsOf(name), partitions))
    return { verdict, isByNameAlone: false }
  }

  const ownerOf = (key: string) => sidecar?.ownerOf(key)
  return {
    ownerOf,
    sidecarOf: (key) => sidecar?.sidecarOf(key),
    heard: () => sources.filter((source) => !silent.has(source)),
    async judge(object, partitions) {
      if (ownerOf(object.key) !== undefined) return await judgeSidecar(object, partitions)
      // Names first, before anything can refuse the object: the run must know of each whether it fits.
      const ofNames = namesOf(object).map(readName)
      const ofTags = await readTags(object)
      const { readings: beside, ...found } = await readBeside(object)
      const verdict = agreedVerdict(ofNames, (readings) =>
        objectMatch(combineReadings([readings, ofTags, beside]), partitions),
      )
      return { verdict, isByNameAlone: ofTags.length + beside.length === 0, ...found }
    },
    requireHeard(listedSidecars) {
      if (listedSidecars > 0) silent.delete('sidecar')
      for (const source of silent) throw unheard(source)
    },
  }
}

/** As people name it, and the store's own, which differ where a link leads to it. */
function namesOf({ uri, key }: ListedObject): string[] {
  return [...new Set([uri, key])]
}

/** Of an object's tags those that are asked for, as columns are chosen: by exact name, else in another case. */
function tagsAsked(asked: readonly string[], tags: ReadonlyMap<string, string>): Reading {
  const names = [...tags.keys()]
  const reading = new Map<string, string>()
  for (const tag of asked) {
    const choice = chooseColumn(tag, names)
    if (choice.kind === 'ambiguous') throw new LetheError('ambiguous-column', 'has several tags that could be meant')
    if (choice.kind === 'one') reading.set(tag, tags.get(names[choice.index]!)!)
  }
  return reading
}

function unheard(source: string): LetheError {
  const what =
    source === 'name'
      ? 'no object has a name that --object-match fits; it is for whole names'
      : source === 'sidecar'
        ? 'no object has a sidecar of the name that --sidecar says'
        : 'no object has a tag that an --object-tag names'
  return new LetheError('no-data', `${what}. Nothing was changed`)
}
