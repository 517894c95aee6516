import { type DataMapper, isFolder } from '../../domain/data-mapper.ts'
import { LetheError } from '../../domain/error.ts'
import type { Match } from '../../domain/match.ts'
import { canBeSearched } from '../../domain/match-coverage.ts'
import { type Binding, makeBinding, type Predicate } from '../../domain/predicate.ts'
import type { MergedMatches } from '../../ports/job-store.ts'
import type { ListedObject } from '../../ports/object-store.ts'
import { makeTableGuard } from '../table-guard.ts'
import { makeObjectJudge, type ObjectJudge } from '../whole-objects.ts'
import type { JobWorld, MapperScope } from './job-world.ts'

/** How the objects of one mapper are searched for a job's matches. */
export interface MapperSearch {
  readonly mapper: DataMapper
  readonly scope: MapperScope
  readonly predicate: Predicate
  readonly judge?: ObjectJudge
  readonly guard: (object: ListedObject) => Promise<void>
}

/** The searches of a job, by the names of its mappers. */
export interface JobSearches {
  readonly mappers: ReadonlyMap<string, MapperSearch>
  readonly merged: MergedMatches
}

/** So many jobs' matches are held in memory at once. */
const maxJobs = 4

/** Opens the matches of a job once for many of its tasks; what was not asked for lately is let go. */
export function makeSearchCache(world: JobWorld): (jobId: string) => Promise<JobSearches> {
  const known = new Map<string, Promise<JobSearches>>()
  return (jobId) => {
    let searches = known.get(jobId)
    if (searches === undefined) {
      searches = openSearches(world, jobId)
      // What failed is tried again by whoever asks next.
      searches.catch(() => known.delete(jobId))
    }
    known.delete(jobId)
    known.set(jobId, searches)
    if (known.size > maxJobs) known.delete(known.keys().next().value!)
    return searches
  }
}

async function openSearches(world: JobWorld, jobId: string): Promise<JobSearches> {
  const mappers = (await world.jobs.mappers(jobId)).map(({ mapper }) => ({ mapper, binding: makeBinding(mapper.keys) }))
  const merged = await bindAll(() => world.matchesOf(jobId), mappers)
  const searches = new Map<string, MapperSearch>()
  for (const { mapper, binding } of mappers) {
    const scope = await world.openScope(mapper)
    const { wholeObjects } = scope
    if (wholeObjects?.sidecar !== undefined && !isFolder(mapper.location)) {
      // A crash between an object and its sidecar would leave one that no listing names.
      throw new LetheError('unsupported', `the data mapper ${mapper.name} has sidecars and no folder as its location`)
    }
    const predicate = binding.build()
    searches.set(mapper.name, {
      mapper,
      scope,
      predicate,
      ...(wholeObjects === undefined ? {} : { judge: makeObjectJudge(scope.store, { wholeObjects, predicate }) }),
      guard: makeTableGuard(scope.store),
    })
  }
  return { mappers: searches, merged }
}

interface Bound {
  readonly mapper: DataMapper
  readonly binding: Binding
}

/**
 * Equal matches are one, at the position of the first: what it finds is found for all of them. A match for "the keys" may
 * say for one of them what another match says for that column alone. What names its columns is bound first, so that each
 * such position stands for one thing, and the others are told that they share what it hits.
 */
async function bindAll(matchesOf: () => ReturnType<JobWorld['matchesOf']>, mappers: readonly Bound[]) {
  const first = new Map<string, number>()
  const merged = { same: new Map<number, number>(), shares: [] as MergedMatches['shares'][number][] }
  const bindThose = async (kind: Match['kind']) => {
    let others = 0
    for await (const { match, text, mappers: names } of matchesOf()) {
      if (match.kind !== kind) {
        others += 1
        continue
      }
      const position = first.get(text) ?? match.position
      if (position === match.position) first.set(text, position)
      else merged.same.set(match.position, position)
      const meant = mappers.filter(({ mapper }) => (names?.includes(mapper.name) ?? true) && hasColumns(mapper, match))
      if (meant.length === 0) {
        throw new LetheError('column-not-found', `match ${match.position + 1} names columns that no data mapper has`)
      }
      for (const { mapper, binding } of meant) {
        const owners = new Set(binding.add({ ...match, position }))
        for (const owner of owners) merged.shares.push({ mapper: mapper.name, position, owner })
      }
    }
    return others
  }
  if ((await bindThose('composite')) > 0) await bindThose('simple')
  return merged
}

/** A match is meant where the mapper has all columns that it names. */
function hasColumns(mapper: DataMapper, match: Match): boolean {
  const columns =
    match.kind === 'composite'
      ? match.values.map(({ column }) => column)
      : match.column === undefined
        ? []
        : [match.column]
  return canBeSearched(columns, [mapper])
}
