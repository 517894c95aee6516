import type { ConfiguredOptions } from './configured-options.ts'

export interface ApplyOptions extends ConfiguredOptions {
  /** Commander's form of `--no-check`. */
  readonly check: boolean
  readonly prune?: boolean
}

export interface DiffOptions extends ConfiguredOptions {
  readonly prune?: boolean
}
