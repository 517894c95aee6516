import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Message } from './fuzz-worker.ts'

/**
 * Fuzzing for as long as wanted: `npx node test/parquet/fuzz.ts --seconds 3600 --seed 1`. Each case is a number: its
 * file, damage and rows follow from it, so a number is all that has to be kept of a failure (see fuzz.test.ts).
 *
 * Damaged files must never crash the eraser, hang it, make it take more than 512 MB, or let it yield other rows.
 */
const hangMs = 20_000
const maxMiB = 512

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const endsAt = Date.now() + 1000 * Number(values.seconds)
const firstCase = Number(values.seed) * 100_000_000

const outcomes = new Map<string, number>()
const faults: string[] = []
let next = firstCase
let cases = 0

while (Date.now() < endsAt) next = await runFrom(next)
report()
process.exitCode = faults.length === 0 ? 0 : 1

/** Runs cases in a process until time is over, or until it has to be started anew; yields the next case. */
async function runFrom(number: number): Promise<number> {
  const worker = fork(join(import.meta.dirname, 'fuzz-worker.ts'), [String(number)], {
    execArgv: ['--max-old-space-size=512', '--no-warnings'],
  })
  return new Promise((resolve) => {
    let current = number
    let phase = 'starting'
    let watchdog: NodeJS.Timeout | undefined
    const finish = (): void => {
      clearTimeout(watchdog)
      end(worker)
      resolve(current + 1)
    }
    const watch = (): void => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => {
        // A reader of the tests that hangs on a damaged file is no fault of the eraser.
        if (phase === 'lethe') addFault(current, 'hangs')
        finish()
      }, hangMs)
    }
    worker.on('message', (message: Message) => {
      watch()
      if (message.kind === 'entering') {
        current = message.number
        phase = message.phase
      } else if (message.kind === 'done') {
        cases += 1
        outcomes.set(message.outcome, (outcomes.get(message.outcome) ?? 0) + 1)
        if (message.fault !== undefined) addFault(message.number, message.fault)
        // Garbage of all cases before counts too: only what a case takes in a process of its own is its fault.
        const isTooMuch = message.peakMiB > maxMiB
        if (isTooMuch && message.number === number) addFault(number, `takes ${Math.round(message.peakMiB)} MiB`)
        if (isTooMuch && message.number > number) current = message.number - 1
        if (Date.now() >= endsAt || isTooMuch) finish()
      }
    })
    worker.on('exit', (code, signal) => {
      clearTimeout(watchdog)
      if (worker.killed) return
      if (phase === 'starting') throw new Error('the process that runs cases does not start')
      if (phase === 'lethe') addFault(current, `ends the process: ${code ?? signal}`)
      resolve(current + 1)
    })
    watch()
  })
}

function end(worker: ChildProcess): void {
  worker.removeAllListeners('message')
  worker.kill('SIGKILL')
}

function addFault(number: number, what: string): void {
  faults.push(`${number}: ${what}`)
  console.log(`case ${number}: ${what}`)
}

function report(): void {
  console.log(
    `${cases} cases from ${firstCase}: ${[...outcomes].map(([name, count]) => `${name} ${count}`).join(', ')}`,
  )
  console.log(faults.length === 0 ? 'no fault' : `${faults.length} faults`)
}
