import { stringify } from 'yaml'
import { mapperFileSchema } from '../../api/data-mapper-schema.ts'
import { openMapperPlace } from '../../compose.ts'
import { readYaml } from '../../config/read-yaml.ts'
import type { Configuration } from '../../config.ts'
import type { DataMapper } from '../../domain/data-mapper.ts'
import { LetheError } from '../../domain/error.ts'
import { checkMapper, type MapperCheck } from '../../engine/mappers/check-mapper.ts'
import { type MapperPlan, planMapperChanges } from '../../engine/mappers/plan-mapper-changes.ts'
import type { StoredMapper } from '../../ports/mapper-store.ts'
import { counted, printable } from '../printable.ts'
import type { RunOptions } from '../request-run.ts'
import { say } from '../say.ts'
import { tableLines } from '../table.ts'
import type { ConfiguredOptions } from './configured-options.ts'
import { exportedMapper } from './exported-mapper.ts'
import type { ApplyOptions, DiffOptions } from './mappers-options.ts'
import { readTextFile } from './read-text-file.ts'
import { actorOf, withWorkspace } from './with-workspace.ts'

/** `lethe mappers apply`: yields the exit status. */
export async function runMappersApply(
  file: string,
  { check, prune = false, json = false, ...options }: ApplyOptions,
  { signal }: RunOptions,
): Promise<number> {
  const wanted = await readMapperFile(file, { signal })
  const plan = await withWorkspace(options, async ({ mappers }, configuration) => {
    const planned = planMapperChanges(wanted, await mappers.list())
    const put = [...planned.created, ...planned.changed.map(({ after }) => after)]
    if (check) for (const mapper of put) await tryMapper(mapper, configuration, { signal })
    await mappers.change({ put, delete: prune ? planned.extra : [], by: actorOf(undefined) })
    return planned
  })
  printPlan(plan, { json, prune, isDone: true })
  return 0
}

/** `lethe mappers diff`: yields the exit status, 1 where there are differences, as diff(1). */
export async function runMappersDiff(
  file: string,
  { prune = false, json = false, ...options }: DiffOptions,
  { signal }: RunOptions,
): Promise<number> {
  const wanted = await readMapperFile(file, { signal })
  const stored = await withWorkspace(options, ({ mappers }) => mappers.list())
  const plan = planMapperChanges(wanted, stored)
  printPlan(plan, { json, prune, isDone: false })
  return plan.created.length + plan.changed.length + (prune ? plan.extra.length : 0) > 0 ? 1 : 0
}

/** `lethe mappers export`: yields the exit status. */
export async function runMappersExport({ json = false, ...options }: ConfiguredOptions): Promise<number> {
  const stored = await withWorkspace(options, ({ mappers }) => mappers.list())
  const document = { mappers: stored.map(({ mapper }) => exportedMapper(mapper)) }
  process.stdout.write(json ? `${JSON.stringify(document, undefined, 2)}\n` : stringify(document))
  return 0
}

/** `lethe mappers list`: yields the exit status. */
export async function runMappersList({ json = false, ...options }: ConfiguredOptions): Promise<number> {
  const stored = await withWorkspace(options, ({ mappers }) => mappers.list())
  if (json) process.stdout.write(`${JSON.stringify({ mappers: stored.map(described) }, undefined, 2)}\n`)
  else {
    const header = ['name', 'version', 'store', 'format', 'keys', 'state', 'location']
    process.stdout.write(`${tableLines(header, stored.map(cells)).join('\n')}\n`)
  }
  return 0
}

function cells({ mapper, version, heldBy }: StoredMapper): string[] {
  const { name, store, format = 'any', keys, location, legalHold } = mapper
  const states = [...(heldBy === undefined ? [] : ['in a job']), ...(legalHold === undefined ? [] : ['legal hold'])]
  return [name, String(version), store, format, printable(keys.join(', ')), states.join(', '), printable(location)]
}

function described({ mapper, version, createdAt, changedAt, heldBy }: StoredMapper) {
  return { ...mapper, version, createdAt, changedAt, heldBy: heldBy ?? null }
}

/** `lethe mappers show`: yields the exit status. */
export async function runMappersShow(name: string, { json = false, ...options }: ConfiguredOptions): Promise<number> {
  const stored = named(await withWorkspace(options, ({ mappers }) => mappers.list()), name)
  process.stdout.write(json ? `${JSON.stringify(described(stored), undefined, 2)}\n` : stringify(stored.mapper))
  return 0
}

/** `lethe mappers check`: yields the exit status. */
export async function runMappersCheck(
  name: string,
  { json = false, ...options }: ConfiguredOptions,
  { signal }: RunOptions,
): Promise<number> {
  const check = await withWorkspace(options, async ({ mappers }, configuration) =>
    tryMapper(named(await mappers.list(), name).mapper, configuration, { signal }),
  )
  if (json) process.stdout.write(`${JSON.stringify(check, undefined, 2)}\n`)
  else process.stdout.write(`${checkWords(check)}\n`)
  return 0
}

/** `lethe mappers delete`: yields the exit status. */
export async function runMappersDelete(
  names: readonly string[],
  { json = false, ...options }: ConfiguredOptions,
): Promise<number> {
  await withWorkspace(options, async ({ mappers }) => {
    const stored = await mappers.list()
    for (const name of names) named(stored, name)
    await mappers.change({ delete: names, by: actorOf(undefined) })
  })
  if (json) process.stdout.write(`${JSON.stringify({ deleted: names })}\n`)
  else process.stdout.write(`deleted ${counted(names.length, 'data mapper')}\n`)
  return 0
}

function named(stored: readonly StoredMapper[], name: string): StoredMapper {
  const found = stored.find(({ mapper }) => mapper.name === name)
  if (found !== undefined) return found
  throw new LetheError('not-found', 'there is no data mapper of that name; see lethe mappers list')
}

async function readMapperFile(file: string, options: RunOptions): Promise<readonly DataMapper[]> {
  const text = await readTextFile(file, options)
  return readYaml(text, { schema: mapperFileSchema, file: file === '-' ? 'standard input' : 'the file of mappers' })
    .mappers
}

/** Tries it, and tells people what was seen; an error names the mapper, of which a file may have many. */
async function tryMapper(mapper: DataMapper, configuration: Configuration, options: RunOptions): Promise<MapperCheck> {
  try {
    const check = await checkMapper(mapper, await openMapperPlace(mapper, configuration), options)
    for (const { uri, code, message } of check.refused) {
      say(`warning: data mapper ${mapper.name}: ${printable(uri)}: ${code}: ${printable(message)}`)
    }
    return check
  } catch (error) {
    if (!(error instanceof LetheError) || error.code === 'interrupted') throw error
    const { code, message, detail } = error
    throw new LetheError(code, `data mapper ${mapper.name}: ${message}. No data mapper was changed`, {
      detail: { ...detail, mapper: mapper.name },
      cause: error,
    })
  }
}

function checkWords({ objects, isComplete, searched, rowsSeen, formats }: MapperCheck): string {
  const count = `${isComplete ? '' : 'more than '}${counted(objects, 'object')}`
  return `${count}; ${counted(searched, 'object')} searched with ${counted(rowsSeen, 'row')}: ${formats.join(', ') || 'no rows'}`
}

function printPlan(
  { created, changed, unchanged, extra }: MapperPlan,
  { json, prune, isDone }: { readonly json: boolean; readonly prune: boolean; readonly isDone: boolean },
): void {
  if (json) {
    const document = {
      created: created.map(({ name }) => name),
      changed: changed.map(({ after, fields }) => ({ name: after.name, fields })),
      unchanged,
      [prune ? 'deleted' : 'extra']: extra,
    }
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`)
    return
  }
  const lines = [
    ...created.map(({ name }) => `${isDone ? 'created' : 'to create'} ${name}`),
    ...changed.flatMap(({ before, after, fields }) => [
      `${isDone ? 'changed' : 'to change'} ${after.name}`,
      ...fields.map((field) => `  ${field}: ${shown(before[field])} -> ${shown(after[field])}`),
    ]),
    ...extra.map((name) => (prune ? `${isDone ? 'deleted' : 'to delete'} ${name}` : `not in the file: ${name}`)),
    ...(unchanged.length > 0 ? [`${counted(unchanged.length, 'data mapper')} unchanged`] : []),
  ]
  process.stdout.write(lines.map((text) => `${text}\n`).join(''))
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : printable(JSON.stringify(value))
}
