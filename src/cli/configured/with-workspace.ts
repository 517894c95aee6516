import { userInfo } from 'node:os'
import { openWorkspace, type Workspace } from '../../compose.ts'
import { type Configuration, loadConfiguration } from '../../config.ts'
import type { ConfiguredOptions } from './configured-options.ts'

export function readConfiguration({ config }: Pick<ConfiguredOptions, 'config'>): Configuration {
  return loadConfiguration({ file: config, folder: process.cwd(), environment: process.env })
}

/** Opens the state for the time of a call. */
export async function withWorkspace<Result>(
  options: Pick<ConfiguredOptions, 'config'>,
  use: (workspace: Workspace, configuration: Configuration) => Promise<Result>,
): Promise<Result> {
  const configuration = readConfiguration(options)
  await using workspace = await openWorkspace(configuration)
  return await use(workspace, configuration)
}

/** Who acts: `--by`, else LETHE_USER, else the user of the system. */
export function actorOf(given: string | undefined): string {
  const named = given ?? process.env['LETHE_USER']
  return named === undefined || named === '' ? userInfo().username : named
}

/** The day where Lethe runs, `YYYY-MM-DD`. */
export function today(now: Date = new Date()): string {
  const part = (number: number) => String(number).padStart(2, '0')
  return `${now.getFullYear()}-${part(now.getMonth() + 1)}-${part(now.getDate())}`
}
