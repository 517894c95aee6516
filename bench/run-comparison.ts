import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Comparison, Contender, Cost } from './comparison.ts'
import { measureCommand } from './measure-command.ts'

const run = promisify(execFile)
const runTask = join(import.meta.dirname, 'run-task.ts')

/** What each contender cost in each round. In every round all take their turn, so that a slow minute hits all. */
export async function runComparison(
  { contenders }: Comparison,
  { file, rounds, onTurn }: { readonly file: string; readonly rounds: number; readonly onTurn: (turn: string) => void },
): Promise<ReadonlyMap<string, readonly Cost[]>> {
  const costs = new Map<string, Cost[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      onTurn(`round ${round} of ${rounds}: ${contender.name}`)
      costs.get(contender.name)!.push(await runContender(contender, file))
    }
  }
  return costs
}

async function runContender({ work, before, check, after }: Contender, file: string): Promise<Cost> {
  await before?.()
  try {
    if (work.kind === 'command') {
      const cost = await measureCommand(work.argv, work.stdout === undefined ? {} : { stdout: work.stdout })
      await check?.(undefined)
      return cost
    }
    const { stdout } = await run(process.execPath, [runTask, file, work.task, JSON.stringify(work.with)])
    const { cost, result } = JSON.parse(stdout) as { readonly cost: Cost; readonly result: unknown }
    await check?.(result)
    return cost
  } finally {
    await after?.()
  }
}
