import type { JobStore } from '../../ports/job-store.ts'
import { grouped, sized } from '../printable.ts'

const redrawMs = 500
const eraseLine = '\r\u001b[K'

/** A line on the terminal that says how far a job is, with its rate and the time left; nothing without a terminal. */
export function showProgress(jobs: Pick<JobStore, 'progress'>, id: string): { end(): Promise<void> } {
  const terminal = process.stderr
  if (!terminal.isTTY) return { end: () => Promise.resolve() }
  // The rate is that of what was seen here: a job may have been under way for long.
  let seen: { readonly phase: string; readonly at: number; readonly ended: number } | undefined
  let underWay = Promise.resolve()
  const draw = async () => {
    const last = (await jobs.progress(id)).at(-1)
    if (last === undefined) return
    const { phase, pass, all, ended, bytesRead } = last
    const now = performance.now()
    const name = `${phase} ${pass}`
    if (seen?.phase !== name) seen = { phase: name, at: now, ended }
    const done = ended - seen.ended
    const seconds = (now - seen.at) / 1000
    const left = done === 0 ? '' : `, about ${Math.ceil((seconds / done) * (all - ended))} s left`
    const rate = `${sized(bytesRead)}, ${seconds === 0 ? '0.0' : (done / seconds).toFixed(1)} objects/s`
    terminal.write(`${eraseLine}${phase} ${grouped(ended)} of ${grouped(all)} objects, ${rate}${left}`)
  }
  const timer = setInterval(() => {
    // What cannot be drawn now is drawn the next time.
    underWay = draw().catch(() => undefined)
  }, redrawMs)
  return {
    async end() {
      clearInterval(timer)
      await underWay
      terminal.write(eraseLine)
    },
  }
}
