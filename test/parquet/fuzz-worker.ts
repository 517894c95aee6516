import { describeCase, fuzzFiles, type Phase, runCase } from './fuzz-case.ts'

/**
 * The process that runs cases for fuzz.ts: `node fuzz-worker.ts FIRST CORPUS`. Sends what it enters before it enters it,
 * so that whoever started it knows what hung; and after each case the most memory that erasing has taken so far.
 */
export type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'entering'; readonly number: number; readonly phase: Phase }
  | {
      readonly kind: 'done'
      readonly number: number
      readonly outcome: string
      readonly fault: string | undefined
      readonly peakMiB: number
    }

const send = (message: Message): boolean => process.send!(message)

const first = Number(process.argv[2])
const files = await fuzzFiles({ corpus: process.argv[3] === 'corpus' })
send({ kind: 'ready' })
for (let number = first; ; number += 1) {
  let peakMiB = 0
  const result = await runCase(number, files, (phase) => {
    if (phase === 'readers') peakMiB = process.resourceUsage().maxRSS / 1024
    send({ kind: 'entering', number, phase })
  })
  if (peakMiB === 0) peakMiB = process.resourceUsage().maxRSS / 1024
  const outcome = result.kind === 'refused' ? result.code : result.kind
  const { name, what } = describeCase(number, files)
  const fault = result.kind === 'fault' ? `${name}: ${what}: ${result.what}` : undefined
  send({ kind: 'done', number, outcome, fault, peakMiB })
  // Messages are sent between turns of the loop; without this a fast run of cases would pile them up.
  await new Promise((resolve) => setImmediate(resolve))
}
