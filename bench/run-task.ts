// Runs one task of a group in this process: `node bench/run-task.ts CASES-FILE TASK JSON-ARGUMENTS`.
import { pathToFileURL } from 'node:url'
import type { Cost, Measure, Task, TaskArguments } from './comparison.ts'

const [file, name, args] = process.argv.slice(2)
const { tasks } = (await import(pathToFileURL(file!).href)) as { readonly tasks: Readonly<Record<string, Task>> }

let cost: Omit<Cost, 'peakBytes'> | undefined
const measure: Measure = async (work) => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const result = await work()
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  cost = { wallMs, cpuMs: (user + system) / 1000 }
  return result
}

const result = await tasks[name!]!(JSON.parse(args!) as TaskArguments, measure)
const peakBytes = process.resourceUsage().maxRSS * 1024
process.stdout.write(`${JSON.stringify({ cost: { ...cost, peakBytes }, result })}\n`)
