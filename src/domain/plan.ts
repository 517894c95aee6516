import type { FuseWarning } from './fuse.ts'
import type { WarningCode } from './warning.ts'

/** What a find learnt in the scope of one mapper, summed up. */
export interface MapperFindings {
  readonly mapper: string
  /** Objects, and old versions of some, that were looked at; `old` of them are versions that are not current. */
  readonly objects: number
  readonly rowsSeen: number
  readonly bytesRead: number
  /** What has rows of the people looked for, or goes as a whole. */
  readonly matched: {
    readonly objects: number
    readonly oldVersions: number
    readonly wholeObjects: number
    readonly rows: number
    /** Of current objects: what a rewrite copies, and what it writes anew. */
    readonly keptBytes: number
    readonly insertedBytes: number
  }
  readonly refused: number
  readonly failed: number
}

/** What was agreed to for one mapper: no more than this. */
export interface Bound {
  readonly mapper: string
  readonly objects: number
  readonly rows: number
}

/** What happens beside the rows that go, and what stays although they go. */
export type SideEffect =
  /** Objects get a new version and a new time of change: readers that go by it read them again. */
  'objects-rewritten' | 'objects-removed' | 'old-versions-deleted' | 'old-versions-kept'

/** The purge report: what a job will do. Counts and names of mappers alone; objects and matches are listed by themselves. */
export interface Plan {
  readonly mappers: readonly MapperFindings[]
  readonly matches: { readonly all: number; readonly found: number; readonly notFound: number }
  readonly fuses: readonly FuseWarning[]
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  readonly sideEffects: readonly SideEffect[]
  readonly bounds: readonly Bound[]
  readonly estimate: Estimate
  /** Of each time that a forget met more than was agreed to. */
  readonly drifts: readonly Drift[]
}

export interface Estimate {
  /** Of one worker, at the speed of the find. */
  readonly seconds: number
  readonly bytesToRead: number
  readonly bytesToWrite: number
  /** Calls that a store in a cloud would bill, at least: reads and writes. */
  readonly reads: number
  readonly writes: number
}

/** An object that would have taken more than was agreed to: what it takes. */
export interface Drift {
  readonly agreed: Bound
  readonly more: Bound
}

export interface PlanInput {
  readonly findings: readonly MapperFindings[]
  readonly matches: Plan['matches']
  readonly fuses: readonly FuseWarning[]
  readonly warnings: Plan['warnings']
  /** Names of the mappers that keep old versions, for some time or for ever. */
  readonly keepingMappers: readonly string[]
  /** How much more than was found an approval covers, as a share: lakes live on between plan and forget. */
  readonly slack: number
  /** How long the find took. */
  readonly seconds: number
}

/** Sums up what was found. */
export function makePlan({ findings, matches, fuses, warnings, keepingMappers, slack, seconds }: PlanInput): Plan {
  return {
    mappers: findings,
    matches,
    fuses,
    warnings,
    sideEffects: sideEffectsOf(findings, keepingMappers),
    bounds: findings.map(({ mapper, matched }) => ({
      mapper,
      objects: withSlack(matched.objects + matched.oldVersions, slack),
      rows: withSlack(matched.rows, slack),
    })),
    estimate: estimateOf(findings, seconds),
    drifts: [],
  }
}

/** The same plan with room for an object that a forget met; what was agreed to before is for the others. */
export function withDrift(plan: Plan, { more, slack }: { readonly more: Bound; readonly slack: number }): Plan {
  const { mapper } = more
  const agreed = plan.bounds.find((bound) => bound.mapper === mapper) ?? { mapper, objects: 0, rows: 0 }
  const wider: Bound = {
    mapper,
    objects: agreed.objects + withSlack(more.objects, slack),
    rows: agreed.rows + withSlack(more.rows, slack),
  }
  const others = plan.bounds.filter((bound) => bound.mapper !== mapper)
  const bounds = [...others, wider].sort((a, b) => (a.mapper < b.mapper ? -1 : 1))
  return { ...plan, bounds, drifts: [...plan.drifts, { agreed, more }] }
}

function withSlack(count: number, slack: number): number {
  return Math.ceil(count * (1 + slack))
}

function sideEffectsOf(findings: readonly MapperFindings[], keepingMappers: readonly string[]): SideEffect[] {
  const busy = findings.filter(({ matched }) => matched.objects + matched.oldVersions > 0)
  const keeping = busy.some(({ mapper }) => keepingMappers.includes(mapper))
  const effects: Readonly<Record<SideEffect, boolean>> = {
    'objects-rewritten': busy.some(({ matched }) => matched.objects > matched.wholeObjects),
    'objects-removed': busy.some(({ matched }) => matched.wholeObjects > 0),
    'old-versions-deleted': busy.some(({ mapper }) => !keepingMappers.includes(mapper)),
    'old-versions-kept': keeping,
  }
  return (Object.keys(effects) as SideEffect[]).filter((effect) => effects[effect])
}

/** A forget searches once more, reads what it rewrites and writes it; a verify searches everything again. */
function estimateOf(findings: readonly MapperFindings[], seconds: number): Estimate {
  const sum = (of: (finding: MapperFindings) => number) => findings.reduce((total, each) => total + of(each), 0)
  const bytesSearched = sum(({ bytesRead }) => bytesRead)
  const bytesToWrite = sum(({ matched }) => matched.keptBytes + matched.insertedBytes)
  const bytesToRead = bytesSearched + 2 * bytesToWrite
  const rate = bytesSearched / Math.max(seconds, 0.001)
  return {
    seconds: Math.ceil(rate === 0 ? seconds : (bytesToRead + bytesToWrite) / rate),
    bytesToRead,
    bytesToWrite,
    reads: sum(({ objects, matched }) => objects + 2 * matched.objects),
    writes: sum(({ matched }) => matched.objects),
  }
}
