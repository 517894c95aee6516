/** A format that objects are asked to have; left out, each object is asked what it is. */
export const formatNames = ['parquet', 'avro', 'ndjson', 'csv'] as const
export type FormatName = (typeof formatNames)[number]

/** What a person knows of their CSV files; the meaning of each is with the CSV format. */
export interface CsvDialect {
  readonly delimiter?: string
  readonly quote?: string
  readonly escape?: 'doubled' | 'backslash'
  readonly header?: 'present' | 'absent'
  readonly encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1'
  readonly moreEndings?: readonly string[]
}

/** A role to assume for the objects of a mapper, in place of the store's own. */
export interface Role {
  readonly arn: string
  readonly externalId?: string
}

/**
 * Tells how and where to search, and what to do with what is found. Every choice is made here and none in the code that
 * carries it out; what has a default is filled in when a mapper is read, and stored so.
 */
export interface DataMapper {
  readonly name: string
  /** Name of a store of the configuration. */
  readonly store: string
  /** Within the store: an object, a folder that ends with `/`, or a glob; empty for all of the store. */
  readonly location: string
  readonly format?: FormatName
  readonly csv?: CsvDialect
  /** Columns that a simple match without a column of its own is tested on; a dotted name is a path. At least one. */
  readonly keys: readonly string[]
  /** Other columns that composite matches may name. */
  readonly columns: readonly string[]
  /** Columns that folders `name=value` give; each object has to lie below one of each. Matches may name them, too. */
  readonly partitionKeys: readonly string[]
  /** A pattern for names within the store, by which objects are a person's as a whole: `photos/{user_id}.png`. */
  readonly objectMatch?: string
  /** Tags of objects that are columns of the same name, by which objects are a person's as a whole. */
  readonly objectTags?: readonly string[]
  /** A JSON file beside an object that says whose it is: `{name}.meta.json`. */
  readonly sidecar?: string
  readonly action: 'erase'
  /** What becomes of versions that are not current; with a number of days they go that long after the erasure. */
  readonly oldVersions: 'delete' | 'keep' | { readonly deleteAfterDays: number }
  /** An object that loses all its rows stays as a valid empty one, or goes. */
  readonly empty: 'keep' | 'remove'
  readonly malformed: 'refuse' | 'keep'
  /** An object that vanishes between find and forget is not a failure. */
  readonly ignoreNotFound: boolean
  /** A location without any object is not a failure. */
  readonly allowNoObjects: boolean
  readonly role?: Role
  /** For people: who owns the data, why it is kept. */
  readonly note?: string
  /** Why nothing may be erased here at present. A mapper with one refuses jobs. */
  readonly legalHold?: string
}

/** A location that names everything below it. */
export function isFolder(location: string): boolean {
  return /^(?:[^*?[\]{}()!+@|\\]*\/)?$/.test(location)
}

/** Columns that a match may name where this mapper is searched. */
export function columnsOfMapper({ keys, columns, partitionKeys }: DataMapper): readonly string[] {
  return [...keys, ...columns, ...partitionKeys]
}
