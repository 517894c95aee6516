import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '..', 'bin', 'lethe.js')

/** Runs the command as a user would, its output on the screen. */
export function showLethe(args: readonly string[], { cwd }: { readonly cwd: string }): void {
  process.stdout.write(`$ lethe ${args.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, [entry, ...args], { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`lethe ended with exit status ${status}`)
  process.stdout.write('\n')
}

/** The part of a report that the demo speaks of. */
export interface Report {
  readonly totals: {
    readonly objects: number
    readonly erased: number
    readonly rows: { readonly seen: number; readonly matched: number; readonly kept: number }
    readonly bytes: { readonly size: number; readonly read: number; readonly kept: number; readonly inserted: number }
  }
  readonly objects: readonly {
    readonly uri: string
    readonly status: string
    readonly bytes: { readonly kept: number; readonly inserted: number }
  }[]
}

/** Runs the command with `--json` and yields the report, and how long it took, its start included. */
export function readLethe(
  args: readonly string[],
  { cwd }: { readonly cwd: string },
): { readonly report: Report; readonly seconds: number } {
  const start = performance.now()
  const report = readDocument<Report>(args, { cwd })
  return { report, seconds: (performance.now() - start) / 1000 }
}

/** Runs the command with `--json` and yields its document. */
export function readDocument<Document>(args: readonly string[], { cwd }: { readonly cwd: string }): Document {
  process.stdout.write(`$ lethe ${args.join(' ')}\n`)
  const { status, stdout } = spawnSync(process.execPath, [entry, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 30,
  })
  if (status !== 0) throw new Error(`lethe ended with exit status ${status}`)
  return JSON.parse(stdout) as Document
}
