import type { Command } from 'commander'
import type { OnRun } from '../request-run.ts'
import { addConfiguredOptions, type ConfiguredOptions } from './configured-options.ts'
import { configHelp } from './help.ts'

export function addConfigCommand(program: Command, onRun: OnRun): void {
  const config = program.command('config').summary('lethe.yaml, and what the environment says').helpCommand(false)
  addConfiguredOptions(config.command('check'))
    .summary('check the configuration and print it')
    .description('Checks the configuration and prints it with its defaults, without passwords. Opens nothing.')
    .addHelpText('after', configHelp)
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./run-config.ts')).runConfigCheck(options) })
    })
}
