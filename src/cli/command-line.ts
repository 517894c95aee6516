import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { StoreAccess } from '../compose.ts'
import { LetheError } from '../domain/error.ts'
import type { CsvOptions } from '../formats/csv/options.ts'
import { type AccessOptions, accessOf, addAccessOptions } from './access-options.ts'
import { append, oneOf, onlyOnce } from './choices.ts'
import { addAuditCommand } from './configured/audit-command.ts'
import { addConfigCommand } from './configured/config-command.ts'
import { addMappersCommand } from './configured/mappers-command.ts'
import { addQueueCommand } from './configured/queue-command.ts'
import { addStoresCommand } from './configured/stores-command.ts'
import { addCsvOptions, type CsvFlags, csvOptionsOf } from './csv-options.ts'
import { eraseHelp, findHelp, inspectHelp, matchingHelp, programHelp } from './help.ts'
import { addJobsCommand, addWorkerCommand } from './jobs/jobs-command.ts'
import type { MatchArguments } from './matches/read-matches.ts'
import type { RunRequest } from './request-run.ts'
import { addWholeObjectOptions, type WholeObjectFlags } from './whole-object-options.ts'

/** What the command line asks for. */
export type Request =
  | ({ readonly kind: 'find' } & SearchArguments)
  | ({ readonly kind: 'erase' } & EraseArguments)
  | {
      readonly kind: 'inspect'
      readonly target: string
      readonly access: StoreAccess
      readonly csv: CsvOptions | undefined
      readonly json: boolean
    }
  | RunRequest
  /** Help or version, which were printed. */
  | { readonly kind: 'nothing' }

export interface SearchArguments {
  readonly targets: readonly string[]
  readonly access: StoreAccess
  readonly csv: CsvOptions | undefined
  readonly matches: MatchArguments
  readonly malformed: 'refuse' | 'keep'
  /** What tells of objects as a whole whose they are. */
  readonly wholeObjects: WholeObjectFlags
  /** How many objects are worked on at once; undefined leaves it to the engine. */
  readonly concurrency: number | undefined
  readonly json: boolean
}

export interface EraseArguments extends SearchArguments {
  readonly empty: 'keep' | 'remove'
  readonly oldVersions: 'delete' | 'keep'
  readonly dryRun: boolean
  readonly yes: boolean
}

interface SearchOptions extends AccessOptions, CsvFlags, WholeObjectFlags {
  readonly match?: readonly string[]
  readonly matches?: string
  readonly malformed: 'refuse' | 'keep'
  readonly concurrency?: number
  readonly json?: boolean
}

interface EraseOptions extends SearchOptions {
  readonly empty: 'keep' | 'remove'
  readonly oldVersions: 'delete' | 'keep'
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/**
 * Reads the arguments, without the program's name; does nothing yet but print help or the version.
 *
 * @throws LetheError `invalid-argument`. Its message never repeats an argument: one of them may be somebody's id that
 *   slipped from its place.
 */
export function parseCommandLine(args: readonly string[]): Request {
  let request: Request = { kind: 'nothing' }
  const program = makeProgram((made) => {
    request = made
  })
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw new LetheError('invalid-argument', problems[error.code] ?? problemOfAnyOther)
  }
  return request
}

const problemOfAnyOther = 'the arguments are not understood; see lethe --help'

/** Own words for every complaint of commander's, whose words repeat the argument. */
const problems: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'there is an option that is not known here; see the help of the command, --help',
  'commander.unknownCommand': 'the command is not known; see lethe --help',
  'commander.help': 'a command is missing; see lethe --help',
  'commander.missingArgument':
    'an argument is missing, such as a file, a folder or a glob; see the help of the command, --help',
  'commander.excessArguments': 'there are more arguments than this command takes',
  'commander.optionMissingArgument': 'the last option needs a value',
  'commander.missingMandatoryOptionValue': 'an option is missing that the command needs; see its help, --help',
}

const targetWords = 'files, folders (recursive), globs; s3://bucket/key, s3://bucket/prefix/'

function makeProgram(onRequest: (request: Request) => void): Command {
  const program = new Command('lethe')
    .description("Finds and erases a person's records in a data lake, and proves it.")
    .version(`lethe ${packageVersion()}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help of a command')
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
    .addHelpText('after', programHelp)

  addSearchOptions(program.command('find').argument('<TARGET...>', targetWords))
    .summary('find rows; changes nothing')
    .description('Finds the rows that match, object by object. Changes nothing.')
    .addHelpText('after', findHelp + matchingHelp)
    .action((targets: string[], options: SearchOptions) => {
      onRequest({ kind: 'find', ...searchArguments(targets, options) })
    })

  addSearchOptions(program.command('erase').argument('<TARGET...>', targetWords))
    .summary('find rows, show the plan, ask, and erase them')
    .description('Finds the rows that match, shows the plan, asks, and erases them. All other rows stay as they are.')
    .option('--empty <keep|remove>', 'an object that loses all its rows', oneOf('--empty', ['keep', 'remove']), 'keep')
    .option(
      '--old-versions <delete|keep>',
      'versions of an object that are not current, in a bucket that keeps them',
      oneOf('--old-versions', ['delete', 'keep']),
      'delete',
    )
    .option('--dry-run', 'make and verify every edit, write none')
    .option('--yes', 'do not ask')
    .addHelpText('after', eraseHelp + matchingHelp)
    .action((targets: string[], options: EraseOptions) => {
      const { empty, oldVersions, dryRun = false, yes = false } = options
      onRequest({ kind: 'erase', ...searchArguments(targets, options), empty, oldVersions, dryRun, yes })
    })

  addCsvOptions(addAccessOptions(program.command('inspect')))
    .argument('<OBJECT>', 'a file, or s3://bucket/key')
    .summary('tell what an object is; never a value of a row')
    .description('Tells what an object is: its format, structure and counts, names of columns; never a value of a row.')
    .option('--json', 'print one JSON document')
    .addHelpText('after', inspectHelp)
    .action((target: string, { json = false, ...options }: AccessOptions & CsvFlags & { json?: boolean }) => {
      onRequest({ kind: 'inspect', target, access: accessOf(options), csv: csvOptionsOf(options), json })
    })

  addStoresCommand(program, onRequest)
  addConfigCommand(program, onRequest)
  addMappersCommand(program, onRequest)
  addQueueCommand(program, onRequest)
  addAuditCommand(program, onRequest)
  addJobsCommand(program, onRequest)
  addWorkerCommand(program, onRequest)
  return program
}

function addSearchOptions(command: Command): Command {
  return addWholeObjectOptions(addCsvOptions(addAccessOptions(command)))
    .option('--match <NAME=VALUE>', 'a column and its value, or a JSON object of several; repeat it', append)
    .option(
      '--matches <FILE|->',
      'NDJSON, or CSV with a header, of whom to look for; - is standard input',
      onlyOnce('--matches is given twice; put all matches in one file'),
    )
    .option(
      '--malformed <refuse|keep>',
      'an object with broken rows',
      oneOf('--malformed', ['refuse', 'keep']),
      'refuse',
    )
    .option('--concurrency <N>', 'how many objects are worked on at once', parseConcurrency)
    .option('--json', 'print one JSON document')
}

function searchArguments(targets: readonly string[], options: SearchOptions): SearchArguments {
  const { match = [], matches, malformed, objectMatch, objectTag, sidecar, concurrency, json = false } = options
  const whom = { flags: match, file: matches }
  const csv = csvOptionsOf(options)
  const given = Object.entries({ objectMatch, objectTag, sidecar }).filter(([, value]) => value !== undefined)
  const wholeObjects: WholeObjectFlags = Object.fromEntries(given)
  return { targets, access: accessOf(options), csv, matches: whom, malformed, wholeObjects, concurrency, json }
}

const maxConcurrency = 256

function parseConcurrency(value: string): number {
  const count = /^[1-9][0-9]{0,2}$/.test(value) ? Number(value) : 0
  if (count >= 1 && count <= maxConcurrency) return count
  throw new LetheError('invalid-argument', `--concurrency takes a whole number from 1 to ${maxConcurrency}`)
}

function packageVersion(): string {
  // As far below the package's root in build/ as in src/.
  const path = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
