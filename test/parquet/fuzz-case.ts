import { readFileSync, statSync } from 'node:fs'
import { LetheError } from '../../src/domain/error.ts'
import { sharedFiles, sharedPath } from '../shared.ts'
import { eraseMatches, eraseRows, findRows, searchFor } from './erase-rows.ts'
import { generateFile, makePlans } from './generate.ts'
import { faultsOfErasure } from './judge.ts'
import { mutate } from './mutate.ts'
import { makeRandom, type Random } from './random.ts'

/** What one damaged file led to. `fault`: what must not be. */
export type CaseResult =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'erased' }
  | { readonly kind: 'fault'; readonly what: string }

export interface FuzzFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The sound files that are damaged. Even cases take generated ones, odd ones small ones of the public corpus. */
export interface FuzzFiles {
  readonly generated: readonly FuzzFile[]
  /** Empty where the shared material is not there: then there are no odd cases. */
  readonly corpus: readonly FuzzFile[]
}

export async function fuzzFiles(): Promise<FuzzFiles> {
  const plans = makePlans(99, 40).map((plan) => ({ ...plan, rows: Math.min(plan.rows, 200) }))
  const generated: FuzzFile[] = []
  for (const [index, plan] of plans.entries()) {
    generated.push({ name: `plan ${index}`, bytes: await generateFile(plan) })
  }
  const folder = ['corpora', 'parquet-testing', 'data']
  const corpus = sharedFiles(...folder)
    .filter((name) => name.endsWith('.parquet') && !name.startsWith('large_string_map'))
    .map((name) => ({ name, path: sharedPath(...folder, name) }))
    .filter(({ path }) => statSync(path).size < 40_000)
    .map(({ name, path }) => ({ name, bytes: readFileSync(path) }))
  return { generated, corpus }
}

export type Phase = 'lethe' | 'readers'

/**
 * Faults of a checked output that a damaged source cannot be blamed for. The walker compares levels and values; how
 * hyparquet makes lists of damaged levels depends on the rows before. In raw bytes a damaged value may be part of others.
 */
const fatal =
  /wrong number of rows|row differs|row groups|changed|missing|cannot read|residue in (?!raw|decompressed)|untouched/

/**
 * One case, the same for the same number and files: damages a file, finds and erases, and compares what is left with
 * what the other readers make of the damaged file. Never throws for what a damaged file may cause.
 */
export async function runCase(
  number: number,
  files: FuzzFiles,
  entering: (phase: Phase) => Promise<void> = () => Promise.resolve(),
): Promise<CaseResult> {
  await entering('readers')
  const { bytes, random } = describeCase(number, files)
  await entering('lethe')
  try {
    const { found } = await findRows(bytes, searchFor([]))
    if (random.oneIn(3)) await eraseMatches(bytes, searchFor([{ column: 'id', value: String(random.below(200)) }]))
    const rows = pickRows(found.rowsSeen, random)
    const output = await eraseRows(bytes, rows)
    await entering('readers')
    const faults = await faultsOfErasure(bytes, output, new Set(rows), {})
    const what = faults.filter((fault) => fatal.test(fault)).join('; ')
    return what === '' ? { kind: 'erased' } : { kind: 'fault', what }
  } catch (error) {
    if (error instanceof LetheError && error.outcome === 'refused') return { kind: 'refused', code: error.code }
    return { kind: 'fault', what: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** The damaged file of a case, for looking at it. */
export function describeCase(
  number: number,
  files: FuzzFiles,
): { name: string; what: string; bytes: Uint8Array; random: Random } {
  const random = makeRandom(number)
  const file = random.pick(number % 2 === 0 ? files.generated : files.corpus)
  return { name: file.name, ...mutate(file.bytes, random), random }
}

function pickRows(rowsSeen: number, random: Random): number[] {
  const limit = Math.min(rowsSeen, 100_000)
  if (limit === 0) return []
  if (random.oneIn(12)) return Array.from({ length: limit }, (_, row) => row)
  const chosen = Array.from({ length: 1 + random.below(8) }, () => random.below(limit))
  return [...new Set(chosen)].sort((a, b) => a - b)
}
