import { LetheError } from '../domain/error.ts'
import { asLetheError } from '../engine/as-lethe-error.ts'
import { parseCommandLine } from './command-line.ts'
import { exitStatusOfError } from './exit-status.ts'
import { onInterrupt } from './interruption.ts'
import { runErase } from './run-erase.ts'
import { runFind } from './run-find.ts'
import { runInspect } from './run-inspect.ts'
import { say } from './say.ts'
import { stackFrames } from './stack-frames.ts'

const signal = onInterrupt({ exitStatus: exitStatusOfError(new LetheError('interrupted', '')) })
let outputFailed = false

// Whoever reads our output may stop (`lethe find lake/ | head`); what the run does is not changed by that.
for (const stream of [process.stdout, process.stderr]) stream.on('error', onOutputError)
// Node would print the error's text and the source line, and these may hold a value.
process.on('uncaughtException', (error) => process.exit(fail(error)))

const status = await run(process.argv.slice(2)).catch(fail)
process.exitCode = outputFailed ? 1 : status

async function run(args: readonly string[]): Promise<number> {
  const request = parseCommandLine(args)
  switch (request.kind) {
    case 'find':
      return await runFind(request, { signal })
    case 'erase':
      return await runErase(request, { signal })
    case 'inspect':
      return await runInspect(request, { signal })
    case 'run':
      return await request.run({ signal })
    case 'nothing':
      return 0
  }
}

function fail(error: unknown): number {
  const known = asLetheError(error, signal)
  say(`${known.code}: ${known.message}`)
  if (process.env['LETHE_DEBUG'] === '1') for (const frame of stackFrames(error)) say(frame)
  return exitStatusOfError(known)
}

function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || outputFailed) return
  outputFailed = true
  process.exitCode = 1
  say('io: the report could not be written; what was done stays done')
}
