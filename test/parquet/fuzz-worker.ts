import { describeCase, fuzzFiles, type Phase, runCase } from './fuzz-case.ts'

/**
 * The process that runs cases for fuzz.ts: `node fuzz-worker.ts FIRST`. Sends what it enters before it enters it,
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
const files = await fuzzFiles()
const step = files.corpus.length > 0 ? 1 : 2
send({ kind: 'ready' })
for (let number = first; ; number += step) {
  const before = process.resourceUsage().maxRSS
  let after = 0
  const result = await runCase(number, files, (phase) => {
    if (phase === 'readers') after = process.resourceUsage().maxRSS
    send({ kind: 'entering', number, phase })
  })
  if (after === 0) after = process.resourceUsage().maxRSS
  // What the readers took before is no fault of the eraser: a peak counts where it has grown.
  const peakMiB = after > before ? after / 1024 : 0
  const outcome = result.kind === 'refused' ? result.code : result.kind
  const { name, what } = describeCase(number, files)
  const fault = result.kind === 'fault' ? `${name}: ${what}: ${result.what}` : undefined
  send({ kind: 'done', number, outcome, fault, peakMiB })
  // Messages are sent between turns of the loop; without this a fast run of cases would pile them up.
  await new Promise((resolve) => setImmediate(resolve))
}
