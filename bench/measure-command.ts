import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Cost } from './comparison.ts'

const sampleMs = 10
/** Linux reports CPU time to other processes in ticks of this length. */
const tickMs = 10

/**
 * Runs a program to its end. Linux keeps its peak memory and CPU time under `/proc` while it runs: the last sample
 * misses what happens in the 10 ms after it.
 */
export async function measureCommand(
  argv: readonly string[],
  { stdout }: { readonly stdout?: string } = {},
): Promise<Cost> {
  const output = stdout === undefined ? 'ignore' : openSync(stdout, 'w')
  const [program, ...args] = argv
  const start = performance.now()
  const child = spawn(program!, args, { stdio: ['ignore', output, 'inherit'] })
  let usage = { cpuMs: 0, peakBytes: 0 }
  const sampler = setInterval(() => (usage = usageOf(child.pid!) ?? usage), sampleMs)
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', resolve)
    })
    if (status !== 0) throw new Error(`${program} ended with status ${status}`)
    return { wallMs: performance.now() - start, ...usage }
  } finally {
    clearInterval(sampler)
    if (typeof output === 'number') closeSync(output)
  }
}

function usageOf(pid: number): Omit<Cost, 'wallMs'> | undefined {
  try {
    const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    if (peakKb === undefined) return undefined
    return { cpuMs: (Number(user) + Number(system)) * tickMs, peakBytes: Number(peakKb) * 1024 }
  } catch {
    // It has just ended, or this is no Linux: what was sampled before stands.
    return undefined
  }
}
