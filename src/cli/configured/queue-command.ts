import type { Command } from 'commander'
import { type CalendarDate, type DeadlineProfile, isCalendarDate, parseDeadline } from '../../domain/deadline.ts'
import { LetheError } from '../../domain/error.ts'
import type { MatchState } from '../../ports/queue-store.ts'
import { append, onlyOnce } from '../choices.ts'
import type { OnRun } from '../request-run.ts'
import { addConfiguredOptions } from './configured-options.ts'
import { queueAddHelp, queueListHelp, queueRemoveHelp } from './help.ts'
import type { QueueAddOptions, QueueListOptions, QueueRemoveOptions } from './queue-options.ts'

const matchesTwice = '--matches is given twice; put all matches in one file'

export function addQueueCommand(program: Command, onRun: OnRun): void {
  const queue = program.command('queue').summary('matches that wait for a deletion job').helpCommand(false)
  const load = () => import('./run-queue.ts')

  addConfiguredOptions(queue.command('add'))
    .summary('put matches into the deletion queue')
    .description('Puts matches into the deletion queue, all of a file or none. Their values are stored encrypted.')
    .requiredOption('--matches <FILE|->', 'NDJSON, or CSV with a header; - is standard input', onlyOnce(matchesTwice))
    .option('--mapper <NAME>', 'only for this data mapper; repeat it. Left out: for all', append)
    .option('--reference <TEXT>', "of the person's request, as your case system has it; not the person's id")
    .option('--reference-column <NAME>', 'the column of the file that has the reference')
    .option('--received <DATE>', 'when the request was received, YYYY-MM-DD. Left out: today', parseDate)
    .option('--received-column <NAME>', 'the column of the file that has that date')
    .option('--deadline <gdpr|ccpa|DAYS>', 'when it has to be done. Left out: as configured', parseDeadlineOption)
    .option('--by <NAME>', 'who adds them. Left out: LETHE_USER, or the user of the system')
    .addHelpText('after', queueAddHelp)
    .action((options: QueueAddOptions) => {
      onRun({ kind: 'run', run: async (run) => (await load()).runQueueAdd(options, run) })
    })

  addConfiguredOptions(queue.command('list'))
    .summary('the deletion queue, without values')
    .description('Lists the deletion queue. No value is shown.')
    .option('--state <STATE>', 'queued, held, done or removed; repeat it. Left out: queued and held', addState)
    .option('--all', 'those that are done or removed, too')
    .option('--reference <TEXT>', 'those of this request')
    .option('--at-risk', 'those with less than a third of their time left')
    .option('--matches <FILE|->', 'those that say exactly one of these, and are not final', onlyOnce(matchesTwice))
    .addHelpText('after', queueListHelp)
    .action((options: QueueListOptions) => {
      onRun({ kind: 'run', run: async (run) => (await load()).runQueueList(options, run) })
    })

  addConfiguredOptions(queue.command('remove'))
    .argument('[ID...]', 'of matches, as the list shows them')
    .summary('take matches out of the queue')
    .description('Takes matches out of the queue, all that are named or none. Not while a job holds one.')
    .option('--reference <TEXT>', 'those of this request')
    .option('--matches <FILE|->', 'those that say exactly one of these', onlyOnce(matchesTwice))
    .addHelpText('after', queueRemoveHelp)
    .action((given: string[], options: QueueRemoveOptions) => {
      const ids = given.map(parseId)
      onRun({ kind: 'run', run: async (run) => (await load()).runQueueRemove(ids, options, run) })
    })
}

function parseDate(text: string): CalendarDate {
  if (isCalendarDate(text)) return text
  throw new LetheError('invalid-argument', '--received takes a day, YYYY-MM-DD')
}

function parseDeadlineOption(text: string): DeadlineProfile {
  const profile = parseDeadline(text)
  if (profile !== undefined) return profile
  throw new LetheError('invalid-argument', '--deadline takes gdpr, ccpa, or a number of days')
}

const statesByWord: Readonly<Record<string, MatchState>> = {
  queued: 'QUEUED',
  held: 'HELD',
  done: 'DONE',
  removed: 'REMOVED',
}

function addState(text: string, states: readonly MatchState[] = []): readonly MatchState[] {
  const word = text.toLowerCase()
  const state = Object.hasOwn(statesByWord, word) ? statesByWord[word] : undefined
  if (state !== undefined) return [...states, state]
  throw new LetheError('invalid-argument', '--state takes queued, held, done or removed')
}

function parseId(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text)
  throw new LetheError('invalid-argument', 'queue remove takes ids of matches, as queue list shows them; never a value')
}
