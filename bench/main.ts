// `npm run bench -- [GROUP...] [--rounds N] [--scale X]`: measures the groups of bench/cases, prints a table for each.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { BenchGroup } from './comparison.ts'
import { describeCosts } from './describe-costs.ts'
import { runComparison } from './run-comparison.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } },
})
const rounds = Number(values.rounds)
const scale = Number(values.scale)
if (!(Number.isInteger(rounds) && rounds > 0 && scale > 0)) throw new Error('--rounds is 1, 2, ...; --scale is above 0')

const [cpu] = cpus()
say(
  `Node ${process.versions.node}, ${cpus().length} x ${cpu?.model.trim() ?? 'CPU'}, ${rounds} rounds, scale ${scale}\n`,
)
for (const { file, group } of await chosenGroups(positionals)) await runGroup(file, group)

async function chosenGroups(names: readonly string[]): Promise<{ file: string; group: BenchGroup }[]> {
  const folder = join(import.meta.dirname, 'cases')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort()
  const all = await Promise.all(
    files.map(async (name) => {
      const file = join(folder, name)
      const { group } = (await import(pathToFileURL(file).href)) as { readonly group: BenchGroup }
      return { file, group }
    }),
  )
  const unknown = names.find((name) => !all.some(({ group }) => group.name === name))
  if (unknown !== undefined)
    throw new Error(`no group ${unknown}; there are ${all.map(({ group }) => group.name).join(', ')}`)
  return names.length === 0 ? all : all.filter(({ group }) => names.includes(group.name))
}

async function runGroup(file: string, group: BenchGroup): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-bench-'))
  // Interrupted, it leaves nothing behind either: the data is large.
  const onInterrupt = () => void rm(folder, { recursive: true, force: true }).then(() => process.exit(130))
  process.once('SIGINT', onInterrupt)
  try {
    progress(`${group.name}: making the data`)
    for (const comparison of await group.prepare({ folder, scale })) {
      const costs = await runComparison(comparison, {
        file,
        rounds,
        onTurn: (turn) => progress(`${group.name}: ${turn}`),
      })
      say(`\n${describeCosts(comparison, costs)}`)
    }
  } finally {
    process.off('SIGINT', onInterrupt)
    await rm(folder, { recursive: true, force: true })
  }
}

function say(text: string): void {
  process.stdout.write(text)
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
