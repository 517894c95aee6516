import { existsSync, readFileSync, statSync } from 'node:fs'
import { lines, makeLake, type Run, runLethe } from './run-lethe.ts'

export interface ReportedObject {
  readonly uri: string
  readonly status: string
  readonly reason: { readonly code: string; readonly message: string } | null
  readonly rows?: { readonly seen: number; readonly matched: number; readonly kept: number }
  readonly bytes?: { readonly size: number; readonly read: number; readonly kept: number; readonly inserted: number }
  readonly warnings: readonly { readonly code: string; readonly count: number }[]
}

export interface ReportedRun {
  readonly objects: readonly ReportedObject[]
  readonly totals: Readonly<Record<string, number>> & {
    readonly rows: Readonly<Record<string, number>>
    readonly bytes: Readonly<Record<string, number>>
  }
  readonly interrupted: boolean
}

/** A file of a lake, whom to look for in it, and what the law says becomes of it. */
export interface Case {
  readonly title: string
  /** A path in the lake. */
  readonly path: string
  readonly content: string | Uint8Array
  readonly matches?: readonly Readonly<Record<string, string>>[]
  /** The content afterwards; an object: the refusal's code. Default: as it was. */
  readonly after?: string | Uint8Array | { readonly refused: string }
  readonly warnings?: Readonly<Record<string, number>>
}

export interface CaseOutcome {
  readonly status: string | undefined
  readonly reason: string | undefined
  readonly content: Buffer | undefined
  readonly warnings: Readonly<Record<string, number>>
  readonly report: ReportedObject | undefined
}

/** One lake of all files, one run of `erase` for all matches; the cases keep apart by their columns and folders. */
export async function eraseCases(
  cases: readonly Case[],
  { options = [], extra = {} }: { readonly options?: readonly string[]; readonly extra?: Record<string, string> } = {},
): Promise<{ readonly run: Run; readonly outcomes: readonly CaseOutcome[] }> {
  const files = Object.fromEntries(cases.map(({ path, content }) => [path, content]))
  using lake = makeLake({ ...extra, ...files })
  const stdin = lines(...cases.flatMap(({ matches = [] }) => matches))
  const run = await runLethe(['erase', lake.folder, '--matches', '-', '--yes', '--json', ...options], { stdin })
  const { objects } = documentOf(run)
  const outcomes = cases.map(({ path }): CaseOutcome => {
    const report = objects.find(({ uri }) => uri === lake.path(path))
    const content = existsSync(lake.path(path)) ? readFileSync(lake.path(path)) : undefined
    const warnings = Object.fromEntries((report?.warnings ?? []).map(({ code, count }) => [code, count]))
    return { status: report?.status, reason: report?.reason?.code, content, warnings, report }
  })
  return { run, outcomes }
}

/** @throws Error with standard error where there is no document. */
export function documentOf({ stdout, stderr }: Run): ReportedRun {
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as ReportedRun
}

/** What the law says of a case, to compare with its outcome. */
export function expectedOf({ content, after, warnings = {} }: Case) {
  const bytes = (value: string | Uint8Array) => Buffer.from(value)
  if (after === undefined) return { status: 'unchanged', reason: undefined, content: bytes(content), warnings }
  if (typeof after === 'object' && 'refused' in after) {
    return { status: 'refused', reason: after.refused, content: bytes(content), warnings }
  }
  return { status: 'erased', reason: undefined, content: bytes(after), warnings }
}

export function identityOf(path: string) {
  const { ino, mtimeNs, size, mode } = statSync(path, { bigint: true })
  return { ino, mtimeNs, size, mode }
}
