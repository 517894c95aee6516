import type { FuseWarning } from './fuse.ts'
import { costOf, type Prices, type Usage } from './prices.ts'
import type { SideEffect as StoreEffect } from './side-effect.ts'
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
  /** What cannot be erased now, and why. */
  readonly unsearched: readonly Unsearched[]
  readonly matches: { readonly all: number; readonly found: number; readonly notFound: number }
  readonly fuses: readonly FuseWarning[]
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>
  readonly sideEffects: readonly SideEffect[]
  /** What stores do by themselves when objects are written. */
  readonly storeEffects: readonly StoreEffect[]
  readonly bounds: readonly Bound[]
  readonly estimate: Estimate
  /** Of each time that a forget met more than was agreed to. */
  readonly drifts: readonly Drift[]
}

/** Objects that were refused or could not be read, for the same reason. */
export interface Unsearched {
  readonly mapper: string
  readonly code: string
  /** The words of one of them. */
  readonly message: string
  readonly objects: number
}

export interface Estimate {
  /** Of one worker, at the speed of the find. */
  readonly seconds: number
  readonly bytesToRead: number
  readonly bytesToWrite: number
  /** Calls that a store in a cloud would bill, at least: reads and writes. */
  readonly reads: number
  readonly writes: number
  /** By the prices of the configuration; null where no store has any. */
  readonly cost: { readonly amount: number; readonly currency: string } | null
}

/** An object that would have taken more than was agreed to: what it takes. */
export interface Drift {
  readonly agreed: Bound
  readonly more: Bound
}

export interface PlanInput {
  readonly findings: readonly MapperFindings[]
  readonly unsearched: Plan['unsearched']
  readonly storeEffects: Plan['storeEffects']
  readonly matches: Plan['matches']
  readonly fuses: readonly FuseWarning[]
  readonly warnings: Plan['warnings']
  /** Names of the mappers that keep old versions, for some time or for ever. */
  readonly keepingMappers: readonly string[]
  /** How much more than was found an approval covers, as a share: lakes live on between plan and forget. */
  readonly slack: number
  /** Of each mapper whose store is billed. */
  readonly prices: ReadonlyMap<string, Prices>
  /** How long the find took. */
  readonly seconds: number
}

/** Sums up what was found. */
export function makePlan(input: PlanInput): Plan {
  const { findings, unsearched, matches, fuses, warnings, storeEffects, keepingMappers, prices, slack, seconds } = input
  return {
    mappers: findings,
    unsearched,
    matches,
    fuses,
    warnings,
    sideEffects: sideEffectsOf(findings, keepingMappers),
    storeEffects,
    bounds: findings.map(({ mapper, matched }) => ({
      mapper,
      objects: withSlack(matched.objects + matched.oldVersions, slack),
      rows: withSlack(matched.rows, slack),
    })),
    estimate: estimateOf({ findings, prices, seconds }),
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
function usageOf({ bytesRead, objects, matched }: MapperFindings): Usage {
  const bytesToWrite = matched.keptBytes + matched.insertedBytes
  return {
    reads: objects + 2 * matched.objects,
    writes: matched.objects,
    bytesToRead: bytesRead + 2 * bytesToWrite,
    bytesToWrite,
  }
}

function estimateOf({ findings, prices, seconds }: Pick<PlanInput, 'findings' | 'prices' | 'seconds'>): Estimate {
  const usages = findings.map((each) => ({ usage: usageOf(each), prices: prices.get(each.mapper) }))
  const sum = (of: (usage: Usage) => number) => usages.reduce((total, { usage }) => total + of(usage), 0)
  const bytesSearched = findings.reduce((total, { bytesRead }) => total + bytesRead, 0)
  const bytesToRead = sum((usage) => usage.bytesToRead)
  const bytesToWrite = sum((usage) => usage.bytesToWrite)
  const rate = bytesSearched / Math.max(seconds, 0.001)
  const billed = usages.flatMap((each) => (each.prices === undefined ? [] : [costOf(each.usage, each.prices)]))
  const [currency] = [...prices.values()].map((each) => each.currency)
  return {
    seconds: Math.ceil(rate === 0 ? seconds : (bytesToRead + bytesToWrite) / rate),
    bytesToRead,
    bytesToWrite,
    reads: sum(({ reads }) => reads),
    writes: sum(({ writes }) => writes),
    cost: currency === undefined ? null : { amount: billed.reduce((total, each) => total + each, 0), currency },
  }
}
