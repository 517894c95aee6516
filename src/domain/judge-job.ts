import { columnsOfMapper, type DataMapper } from './data-mapper.ts'
import type { ErrorCode } from './error.ts'
import type { JobState } from './job.ts'
import { type JudgeSource, judgeSources } from './judge-source.ts'
import type { MapperFindings } from './plan.ts'

/** Why a job cannot go on. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
}

/** What a find learnt of one mapper, and what its matches ask for. */
export interface SearchedMapper {
  readonly mapper: DataMapper
  readonly findings: MapperFindings
  /** Columns that some object has. */
  readonly columns: ReadonlySet<string>
  /** Columns that matches name here, key columns among them. */
  readonly asked: ReadonlySet<string>
  /** What has said of some object whose it is. */
  readonly heard: ReadonlySet<string>
}

/**
 * Whether everybody was looked for everywhere. A mapper that could not be searched fails the job while nothing is erased:
 * what looks like "nobody found" there would be a wrong word.
 *
 * @returns the failure of the first mapper that has one
 */
export function judgeFind(searched: readonly SearchedMapper[]): Failure | undefined {
  for (const each of searched) {
    const failure = judgeMapper(each)
    if (failure !== undefined) return failure
  }
  return undefined
}

function judgeMapper({ mapper, findings, columns, asked, heard }: SearchedMapper): Failure | undefined {
  const { name } = mapper
  const { objects, refused, failed, rowsSeen } = findings
  if (objects === 0) {
    if (mapper.allowNoObjects) return undefined
    return { code: 'no-data', message: `the location of the data mapper ${name} has no object; check it` }
  }
  if (refused + failed === objects) {
    return { code: 'io', message: `no object of the data mapper ${name} could be searched; see lethe jobs objects` }
  }
  const silent = sourcesOf(mapper).find((source) => !heard.has(source))
  // A pattern, tag or sidecar that no object has is misspelt: what it was to tell of would never be found.
  if (silent !== undefined) {
    return { code: 'no-data', message: `no object of the data mapper ${name} has a ${silent} that tells whose it is` }
  }
  if (rowsSeen === 0) return undefined
  // Names of a mapper's own columns are no secret; those that a match made up may be.
  const missing = [...asked].find((column) => !columns.has(column))
  if (missing === undefined) return undefined
  const known = columnsOfMapper(mapper).includes(missing)
  const what = known ? `the column ${missing}` : 'a column that a match names'
  return { code: 'column-not-found', message: `no object of the data mapper ${name} has ${what}; check its spelling` }
}

function sourcesOf({ objectMatch, objectTags = [], sidecar }: DataMapper): readonly JudgeSource[] {
  return judgeSources({ hasPattern: objectMatch !== undefined, hasSidecar: sidecar !== undefined, tags: objectTags })
}

/** What a job has come to after its search for what is left. */
export interface ForgetSums {
  /** Of the erasures of this pass. */
  readonly tasks: number
  readonly refused: number
  readonly failed: number
  /** Of the search after them: objects that still hold rows, or could not be searched. */
  readonly left: number
  readonly unsearched: number
}

/** The word "erased" is used only where nothing was refused, nothing failed, and nothing was found again. */
export function judgeForget({ tasks, refused, failed, left, unsearched }: ForgetSums): {
  readonly state: Extract<
    JobState,
    'FORGET_COMPLETED_CLEANUP_IN_PROGRESS' | 'FORGET_FAILED' | 'FORGET_PARTIALLY_FAILED'
  >
  readonly failure?: Failure
} {
  const undone = refused + failed
  if (undone + left + unsearched === 0) return { state: 'FORGET_COMPLETED_CLEANUP_IN_PROGRESS' }
  const state = tasks > 0 && undone === tasks ? 'FORGET_FAILED' : 'FORGET_PARTIALLY_FAILED'
  if (left > 0) {
    const message = `${left} objects still hold rows, or do so again; see lethe jobs objects, then lethe jobs retry`
    return { state, failure: { code: 'left-behind', message } }
  }
  const message = `${Math.max(undone, unsearched)} objects were refused or failed; see lethe jobs objects, then lethe jobs retry`
  return { state, failure: { code: 'left-behind', message } }
}
