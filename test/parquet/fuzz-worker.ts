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

/** Waits until it is sent: what hangs afterwards keeps nothing back. */
const send = (message: Message): Promise<void> => new Promise((resolve) => process.send!(message, () => resolve()))

const first = Number(process.argv[2])
const files = await fuzzFiles()
const step = files.corpus.length > 0 ? 1 : 2
await send({ kind: 'ready' })
for (let number = first; ; number += step) {
  let before = 0
  let after = 0
  const result = await runCase(number, files, async (phase) => {
    if (phase === 'lethe') before = process.resourceUsage().maxRSS
    else if (before > 0) after = process.resourceUsage().maxRSS
    await send({ kind: 'entering', number, phase })
  })
  if (after === 0) after = process.resourceUsage().maxRSS
  // What the readers took before is no fault of the eraser: a peak counts where it has grown.
  const peakMiB = after > before ? after / 1024 : 0
  const outcome = result.kind === 'refused' ? result.code : result.kind
  const { name, what } = describeCase(number, files)
  const fault = result.kind === 'fault' ? `${name}: ${what}: ${result.what}` : undefined
  await send({ kind: 'done', number, outcome, fault, peakMiB })
}
