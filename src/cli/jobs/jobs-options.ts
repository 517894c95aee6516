import type { ConfiguredOptions } from '../configured/configured-options.ts'

export interface JobsStartOptions extends ConfiguredOptions {
  readonly dryRun?: boolean
  readonly watch?: boolean
  readonly by?: string
}

export interface JobsObjectsOptions extends ConfiguredOptions {
  readonly state?: string
  readonly phase?: string
}

export interface DecisionOptions extends ConfiguredOptions {
  readonly by?: string
  readonly comment: string
  readonly scope?: string
  readonly acceptFuse?: boolean
}

export interface ActOptions extends ConfiguredOptions {
  readonly by?: string
}

export interface JobsReportOptions extends ConfiguredOptions {
  readonly html?: boolean
}

export interface WorkerOptions extends ConfiguredOptions {
  readonly untilIdle?: boolean
}
