import type { Command } from 'commander'
import { type AccessOptions, accessOf, addAccessOptions } from '../access-options.ts'
import { storesCheckHelp } from '../help.ts'
import type { OnRun } from '../request-run.ts'
import { addConfiguredOptions, type ConfiguredOptions } from './configured-options.ts'
import { storesListHelp } from './help.ts'

export function addStoresCommand(program: Command, onRun: OnRun): void {
  const stores = program.command('stores').summary('places where objects live').helpCommand(false)

  addConfiguredOptions(stores.command('list'))
    .summary('the stores of the configuration')
    .description('Lists the stores of the configuration. Opens none.')
    .addHelpText('after', storesListHelp)
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./run-stores.ts')).runStoresList(options) })
    })

  addConfiguredOptions(addAccessOptions(stores.command('check')))
    .argument('<NAME|PLACE>', 'a store of the configuration, or s3://bucket/prefix/ for scratch objects, or a folder')
    .summary('find out what a store enforces')
    .description('Tries with scratch objects what a store enforces. Clears away what it wrote.')
    .addHelpText('after', storesCheckHelp)
    .action((place: string, { config, json = false, ...access }: AccessOptions & ConfiguredOptions) => {
      const request = { place, access: accessOf(access), json, ...(config === undefined ? {} : { config }) }
      onRun({ kind: 'run', run: async () => (await import('./run-stores.ts')).runStoresCheck(request) })
    })
}
