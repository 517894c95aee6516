import type { Command } from 'commander'
import type { OnRun } from '../request-run.ts'
import { addConfiguredOptions, type ConfiguredOptions } from './configured-options.ts'
import { mappersApplyHelp, mappersDiffHelp, mappersExportHelp, mappersHelp } from './help.ts'
import type { ApplyOptions, DiffOptions } from './mappers-options.ts'

export function addMappersCommand(program: Command, onRun: OnRun): void {
  const mappers = program
    .command('mappers')
    .summary('data mappers: where and how to search')
    .helpCommand(false)
    .addHelpText('after', mappersHelp)
  const load = () => import('./run-mappers.ts')

  addConfiguredOptions(mappers.command('apply'))
    .argument('<FILE|->', 'YAML with a list `mappers`; - is standard input')
    .summary('create and change data mappers as a file says')
    .description('Creates and changes data mappers as a file says, all or none, after a trial on the data they name.')
    .option('--prune', 'delete those that the file does not have')
    .option('--no-check', 'do not try them on their data')
    .addHelpText('after', mappersApplyHelp)
    .action((file: string, options: ApplyOptions) => {
      onRun({ kind: 'run', run: async (run) => (await load()).runMappersApply(file, options, run) })
    })

  addConfiguredOptions(mappers.command('diff'))
    .argument('<FILE|->', 'YAML with a list `mappers`; - is standard input')
    .summary('what apply would change')
    .description('Tells what apply would change. Changes nothing.')
    .option('--prune', 'tell of those that the file does not have as deleted')
    .addHelpText('after', mappersDiffHelp)
    .action((file: string, options: DiffOptions) => {
      onRun({ kind: 'run', run: async (run) => (await load()).runMappersDiff(file, options, run) })
    })

  addConfiguredOptions(mappers.command('export'))
    .summary('data mappers as YAML, for apply')
    .description('Prints all data mappers as YAML, in the form that apply reads.')
    .addHelpText('after', mappersExportHelp)
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await load()).runMappersExport(options) })
    })

  addConfiguredOptions(mappers.command('list'))
    .summary('all data mappers')
    .description('Lists all data mappers.')
    .addHelpText('after', mappersHelp)
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await load()).runMappersList(options) })
    })

  addConfiguredOptions(mappers.command('show'))
    .argument('<NAME>', 'a data mapper')
    .summary('one data mapper, with its defaults')
    .description('Shows one data mapper, with its defaults.')
    .addHelpText('after', mappersHelp)
    .action((name: string, options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await load()).runMappersShow(name, options) })
    })

  addConfiguredOptions(mappers.command('check'))
    .argument('<NAME>', 'a data mapper')
    .summary('try a data mapper on its data')
    .description('Tries a data mapper on the data that it names. Changes nothing.')
    .addHelpText('after', mappersHelp)
    .action((name: string, options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async (run) => (await load()).runMappersCheck(name, options, run) })
    })

  addConfiguredOptions(mappers.command('delete'))
    .argument('<NAME...>', 'data mappers')
    .summary('delete data mappers')
    .description('Deletes data mappers, all or none. Not while a job holds one, or matches of the queue name it.')
    .addHelpText('after', mappersHelp)
    .action((names: string[], options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await load()).runMappersDelete(names, options) })
    })
}
