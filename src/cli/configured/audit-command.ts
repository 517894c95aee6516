import type { Command } from 'commander'
import type { OnRun } from '../request-run.ts'
import { addConfiguredOptions, type ConfiguredOptions } from './configured-options.ts'
import { auditHelp } from './help.ts'

export function addAuditCommand(program: Command, onRun: OnRun): void {
  addConfiguredOptions(program.command('audit'))
    .summary('who changed what, and when')
    .description('Lists changes of data mappers and of the queue, keys that were destroyed, and decisions about jobs.')
    .addHelpText('after', auditHelp)
    .action((options: ConfiguredOptions) => {
      onRun({ kind: 'run', run: async () => (await import('./run-audit.ts')).runAudit(options) })
    })
}
