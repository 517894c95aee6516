import { isDeepStrictEqual } from 'node:util'
import type { DataMapper } from '../../domain/data-mapper.ts'
import type { StoredMapper } from '../../ports/mapper-store.ts'

/** What mappers as code would change. */
export interface MapperPlan {
  readonly created: readonly DataMapper[]
  readonly changed: readonly ChangedMapper[]
  readonly unchanged: readonly string[]
  /** Stored, and not in the code. */
  readonly extra: readonly string[]
}

export interface ChangedMapper {
  readonly before: DataMapper
  readonly after: DataMapper
  /** Names of what differs. */
  readonly fields: readonly (keyof DataMapper)[]
}

export function planMapperChanges(wanted: readonly DataMapper[], stored: readonly StoredMapper[]): MapperPlan {
  const present = new Map(stored.map(({ mapper }) => [mapper.name, mapper]))
  const changed = wanted.flatMap((after): ChangedMapper[] => {
    const before = present.get(after.name)
    const fields = before === undefined ? [] : differences(before, after)
    return before === undefined || fields.length === 0 ? [] : [{ before, after, fields }]
  })
  const changedNames = new Set(changed.map(({ after }) => after.name))
  const wantedNames = new Set(wanted.map(({ name }) => name))
  return {
    created: wanted.filter(({ name }) => !present.has(name)),
    changed,
    unchanged: [...wantedNames].filter((name) => present.has(name) && !changedNames.has(name)),
    extra: [...present.keys()].filter((name) => !wantedNames.has(name)),
  }
}

function differences(before: DataMapper, after: DataMapper): (keyof DataMapper)[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)] as (keyof DataMapper)[])
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]))
}
