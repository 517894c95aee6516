import type { Command } from 'commander'

/** Options of every command that reads the configuration. */
export interface ConfiguredOptions {
  readonly config?: string
  readonly json?: boolean
}

export function addConfiguredOptions(command: Command): Command {
  return command
    .option('--config <FILE>', 'the configuration; else LETHE_CONFIG, else lethe.yaml here or in a folder above')
    .option('--json', 'print one JSON document')
}
