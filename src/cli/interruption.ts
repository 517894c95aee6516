import { say } from './say.ts'

/**
 * The first SIGINT or SIGTERM asks the run to stop, which leaves every object old or new and reports what was done. The
 * second ends the process on the spot: every object is old or new even then, a temporary file may be left.
 */
export function onInterrupt({ exitStatus }: { readonly exitStatus: number }): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitStatus)
    controller.abort()
    if (process.stderr.isTTY) say('stopping; once more stops at once')
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}
