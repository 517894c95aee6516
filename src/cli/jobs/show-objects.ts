import { LetheError } from '../../domain/error.ts'
import { type TaskPhase, type TaskState, taskStates } from '../../domain/task.ts'
import type { EndedTask } from '../../ports/job-store.ts'
import { withWorkspace } from '../configured/with-workspace.ts'
import { counted, grouped, printable } from '../printable.ts'
import { tableLines } from '../table.ts'
import { jobOf, requireDetails } from './job-of.ts'
import type { JobsObjectsOptions } from './jobs-options.ts'

const pageTasks = 1000

/** `lethe jobs objects`: yields the exit status. A page at a time, for there may be millions. */
export async function runJobsObjects(start: string, options: JobsObjectsOptions): Promise<number> {
  const wanted = { ...phaseOf(options), ...statesOf(options) }
  const print = options.json === true ? documentPrinter() : tablePrinter()
  await withWorkspace(options, async (workspace) => {
    const { id } = requireDetails(await jobOf(workspace, start))
    for (let after = 0; ; ) {
      const page = await workspace.jobs.tasks(id, { after, limit: pageTasks, ...wanted })
      print.page(page)
      if (page.length < pageTasks) break
      after = page.at(-1)!.id
    }
  })
  print.end()
  return 0
}

interface Printer {
  page(tasks: readonly EndedTask[]): void
  end(): void
}

function tablePrinter(): Printer {
  let count = 0
  return {
    page(tasks) {
      if (tasks.length === 0) return
      const lines = tableLines(['phase', 'state', 'rows', 'object'], tasks.map(cellsOf))
      for (const line of count === 0 ? lines : lines.slice(1)) process.stdout.write(`${line}\n`)
      count += tasks.length
    },
    end: () => void process.stdout.write(`${counted(count, 'object')}\n`),
  }
}

function cellsOf({ phase, state, rowsMatched, object, reason }: EndedTask): string[] {
  const name = object.versionId === undefined ? object.uri : `${object.uri} (version ${object.versionId})`
  const why = reason === null ? '' : `: ${reason.code}: ${reason.message}`
  return [phase, state, grouped(rowsMatched), printable(`${name}${why}`)]
}

function documentPrinter(): Printer {
  let separator = '{"objects":[\n'
  return {
    page(tasks) {
      for (const { id: _, jobId: __, object, ...task } of tasks) {
        const { place: ___, key: ____, ...named } = object
        process.stdout.write(`${separator}${JSON.stringify({ ...named, ...task })}`)
        separator = ',\n'
      }
    },
    end: () => void process.stdout.write(separator === ',\n' ? '\n]}\n' : '{"objects":[]}\n'),
  }
}

const phases: Readonly<Record<string, TaskPhase>> = {
  find: 'FIND',
  forget: 'FORGET',
  verify: 'VERIFY',
  cleanup: 'CLEANUP',
}

function phaseOf({ phase }: JobsObjectsOptions): { readonly phase?: TaskPhase } {
  if (phase === undefined) return {}
  if (Object.hasOwn(phases, phase.toLowerCase())) return { phase: phases[phase.toLowerCase()]! }
  throw new LetheError('invalid-argument', '--phase takes find, forget, verify or cleanup')
}

function statesOf({ state }: JobsObjectsOptions): { readonly states?: readonly TaskState[] } {
  if (state === undefined) return {}
  const known = taskStates.find((each) => each === state.toLowerCase())
  if (known !== undefined) return { states: [known] }
  throw new LetheError('invalid-argument', `--state takes ${taskStates.join(', ')}`)
}
