import type { AuditEvent } from '../../ports/audit-store.ts'
import { printable } from '../printable.ts'
import type { ConfiguredOptions } from './configured-options.ts'
import { withWorkspace } from './with-workspace.ts'

const pageEvents = 1000

/** `lethe audit`: yields the exit status. A page at a time: there may be years of them. */
export async function runAudit(options: ConfiguredOptions): Promise<number> {
  const isJson = options.json === true
  let separator = '{"events":[\n'
  await withWorkspace(options, async ({ audit }) => {
    for (let after = 0; ; ) {
      const page = await audit.list({ after, limit: pageEvents })
      for (const event of page) {
        process.stdout.write(isJson ? separator + JSON.stringify(event) : `${lineOf(event)}\n`)
        separator = ',\n'
      }
      if (page.length < pageEvents) return
      after = page.at(-1)!.id
    }
  })
  if (isJson) process.stdout.write(separator === ',\n' ? '\n]}\n' : '{"events":[]}\n')
  return 0
}

function lineOf({ at, kind, jobId, detail: { by, ...facts } }: AuditEvent): string {
  const all = Object.entries({ ...(jobId === null ? {} : { job: jobId }), ...facts })
  const words = all.map(([name, fact]) => `${name} ${typeof fact === 'object' ? JSON.stringify(fact) : String(fact)}`)
  return `${at.toISOString()}  ${kind.padEnd(16)}  ${printable(String(by))}  ${printable(words.join(', '))}`
}
