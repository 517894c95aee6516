import type { Command } from 'commander'
import { LetheError } from '../../domain/error.ts'
import { addConfiguredOptions, type ConfiguredOptions } from '../configured/configured-options.ts'
import type { OnRun } from '../request-run.ts'
import { jobsApproveHelp, jobsHelp, jobsObjectsHelp, jobsReportHelp, jobsStartHelp, workerHelp } from './help.ts'
import type {
  ActOptions,
  DecisionOptions,
  JobsObjectsOptions,
  JobsReportOptions,
  JobsStartOptions,
  WorkerOptions,
} from './jobs-options.ts'

const jobWords = 'of a job, as the list shows it; its first characters do'
const byWords = 'who does. Left out: LETHE_USER, or the user of the system'

export function addJobsCommand(program: Command, onRun: OnRun): void {
  const jobs = program
    .command('jobs')
    .summary('deletion jobs: find, plan, approve, forget, verify')
    .helpCommand(false)
    .addHelpText('after', jobsHelp)
  const ofJob = (name: string) => addConfiguredOptions(jobs.command(name)).argument('<ID>', jobWords, parseId)

  addConfiguredOptions(jobs.command('start'))
    .summary('make a job of the queue as it is now')
    .description('Makes a job of every match in the queue and every data mapper, as they are now.')
    .option('--dry-run', 'find and plan; change nothing')
    .option('--watch', 'work on it here, and tell how far it is, until it ends or waits for a person')
    .option('--by <NAME>', byWords)
    .addHelpText('after', jobsStartHelp)
    .action((options: JobsStartOptions) => {
      onRun({ kind: 'run', run: async (run) => (await import('./run-job.ts')).runJobsStart(options, run) })
    })

  addConfiguredOptions(jobs.command('list'))
    .summary('all jobs')
    .description('Lists all jobs, the oldest first.')
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-jobs.ts')).runJobsList(options) })
    })

  addConfiguredOptions(jobs.command('schedules'))
    .summary('when jobs begin by themselves')
    .description('Lists the schedules of the configuration: when each is due next, and what became of the last time.')
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-schedules.ts')).runJobsSchedules(options) })
    })

  ofJob('show')
    .summary('where a job is, and what it did')
    .description('Tells where a job is and what each of its phases did.')
    .action((id: string, options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-jobs.ts')).runJobsShow(id, options) })
    })

  ofJob('watch')
    .summary('tell how far a job is until it rests')
    .description('Tells how far a job is until it ends or waits for a person. Works on it where the state is embedded.')
    .action((id: string, options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async (run) => (await import('./run-job.ts')).runJobsWatch(id, options, run) })
    })

  ofJob('events')
    .summary('what happened to a job')
    .description('Tells what happened to a job, move by move.')
    .action((id: string, options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-jobs.ts')).runJobsEvents(id, options) })
    })

  ofJob('objects')
    .summary('what became of each object')
    .description('Lists the objects of a job and what became of each.')
    .option('--phase <find|forget|verify|cleanup>', 'of this phase. Left out: of all')
    .option('--state <STATE>', 'in this state: done, refused, failed, skipped, planned, ... Left out: in any')
    .addHelpText('after', jobsObjectsHelp)
    .action((id: string, options: JobsObjectsOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-objects.ts')).runJobsObjects(id, options) })
    })

  ofJob('plan')
    .summary('the purge report: what a job will do')
    .description('Shows what a job will do, or did: by data mapper and by request, and the scope to approve.')
    .action((id: string, options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-plan.ts')).runJobsPlan(id, options) })
    })

  ofJob('report')
    .summary('the evidence: a receipt for each object')
    .description('Prints what a job did, with a receipt for each object, chained by hashes.')
    .option('--html', 'as one HTML page')
    .addHelpText('after', jobsReportHelp)
    .action((id: string, options: JobsReportOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./show-report.ts')).runJobsReport(id, options) })
    })

  for (const decision of ['approve', 'reject'] as const) {
    const command = ofJob(decision)
      .summary(decision === 'approve' ? 'say yes to a plan' : 'say no to a plan')
      .description(`${decision === 'approve' ? 'Approves' : 'Rejects'} exactly the scope that the plan shows.`)
      .requiredOption('--comment <TEXT>', 'why; it is kept')
      .option('--scope <HASH>', 'the scope that was looked at; its first 8 characters do. Left out: that of now')
      .option('--by <NAME>', byWords)
    if (decision === 'approve') command.option('--accept-fuse', 'accept that a match hits unusually many rows')
    command.addHelpText('after', jobsApproveHelp).action((id: string, options: DecisionOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./decide-job.ts')).runJobsDecide(decision, id, options) })
    })
  }

  for (const act of ['cancel', 'retry'] as const) {
    ofJob(act)
      .summary(act === 'cancel' ? 'end a job before its next write' : 'do what was left undone')
      .description(
        act === 'cancel'
          ? 'Ends a job. What is erased stays erased and on record; its matches go back into the queue.'
          : 'Begins a new pass over the objects that were refused, failed, or hold rows again.',
      )
      .option('--by <NAME>', byWords)
      .action((id: string, options: ActOptions) => {
        onRun({ kind: 'run', run: async () => (await import('./decide-job.ts')).runJobsAct(act, id, options) })
      })
  }
}

export function addWorkerCommand(program: Command, onRun: OnRun): void {
  addConfiguredOptions(program.command('worker'))
    .summary('work on jobs until it is told to stop')
    .description('Works on all jobs until it is told to stop (Ctrl-C, SIGTERM). On a Postgres server many may.')
    .option('--until-idle', 'stop when no job has anything left to do')
    .addHelpText('after', workerHelp)
    .action((options: WorkerOptions) => {
      onRun({ kind: 'run', run: async (run) => (await import('./run-job.ts')).runWorkerCommand(options, run) })
    })
}

function parseId(text: string): string {
  if (/^[0-9a-f][0-9a-f-]{3,35}$/.test(text)) return text
  throw new LetheError('invalid-argument', 'a job is named by its id, or at least its first 4 characters')
}
