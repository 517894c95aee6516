import { stringify } from 'yaml'
import { redacted } from '../../config.ts'
import { printable } from '../printable.ts'
import type { ConfiguredOptions } from './configured-options.ts'
import { readConfiguration } from './with-workspace.ts'

/** `lethe config check`: yields the exit status. */
export function runConfigCheck({ json = false, ...options }: ConfiguredOptions): number {
  const { file, ...configuration } = redacted(readConfiguration(options))
  if (json) process.stdout.write(`${JSON.stringify({ file, configuration }, undefined, 2)}\n`)
  else process.stdout.write(`# ${printable(file)}\n${stringify(configuration)}`)
  return 0
}
