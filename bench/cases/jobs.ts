import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchGroup, Comparison, Contender } from '../comparison.ts'

const lethe = join(import.meta.dirname, '..', '..', 'bin', 'lethe.js')

/** A job over so many small objects, for so many matches. */
interface Size {
  readonly objects: number
  readonly matches: number
}

const linesOfObject = 20
/** One object in so many has a row of somebody who is looked for. */
const objectsAPerson = 10

/**
 * Deletion jobs from the command line, from `jobs start --watch` to its end: find, plan, forget, verify, clean-up,
 * receipts. The state is embedded, or on the server that DATABASE_URL names. What is measured is whether time is linear
 * and memory flat: there is no opponent.
 */
export const group: BenchGroup = {
  name: 'jobs',
  async prepare({ folder, scale }) {
    const scaled = (count: number): number => Math.max(10, Math.round(count * scale))
    return [
      compareSizes(folder, 'objects', [
        { objects: scaled(10_000), matches: 1000 },
        { objects: scaled(100_000), matches: 1000 },
      ]),
      compareSizes(folder, 'matches', [
        { objects: 100, matches: scaled(100_000) },
        { objects: 100, matches: scaled(1_000_000) },
      ]),
    ]
  },
}

function compareSizes(folder: string, what: keyof Size, sizes: readonly [Size, Size]): Comparison {
  const nameOf = (size: Size): string => `${size[what].toLocaleString('en')} ${what}`
  const state = process.env['DATABASE_URL'] === undefined ? 'embedded (PGlite)' : 'a Postgres server'
  const fixed = what === 'objects' ? `${sizes[0].matches} matches` : `${sizes[0].objects} objects`
  return {
    title: `Jobs: ${nameOf(sizes[0])} and ${nameOf(sizes[1])}`,
    facts: [
      `objects of ${linesOfObject} lines of NDJSON on local disk, one in ${objectsAPerson} with a row that goes; ${fixed}`,
      `state: ${state}; lethe jobs start --watch, from its start to COMPLETED`,
    ],
    bytes: sizes[1].objects * linesOfObject * lineOf(0, 0).length,
    baseline: nameOf(sizes[0]),
    contenders: sizes.map((size) => contender(join(folder, `${what}-${size[what]}`), nameOf(size), size)),
  }
}

function contender(folder: string, name: string, size: Size): Contender {
  const config = join(folder, 'lethe.yaml')
  const argv = [process.execPath, lethe, 'jobs', 'start', '--watch', '--config', config]
  return {
    name,
    work: { kind: 'command', argv },
    before: () => makeSite(folder, size),
    check: () => checkLake(folder, size),
    after: () => rm(folder, { recursive: true, force: true }),
  }
}

const folderOf = (object: number): string => `part-${String(Math.floor(object / 1000)).padStart(4, '0')}`
const fileOf = (object: number): string => `${String(object).padStart(6, '0')}.ndjson`

function lineOf(object: number, line: number, user = `user-${object}-${line}`): string {
  return `${JSON.stringify({ user_id: user, path: `/a/page/of/the/shop/${line}`, amount: object % 997, at: '2026-01-01' })}\n`
}

/** Whose row an object has, if anybody's who is looked for. */
function personOf(object: number, { matches }: Size): string | undefined {
  return object % objectsAPerson === 0 ? `person-${(object / objectsAPerson) % matches}` : undefined
}

async function makeSite(folder: string, size: Size): Promise<void> {
  const lake = join(folder, 'lake')
  for (let object = 0; object < size.objects; object += 1) {
    if (object % 1000 === 0) await mkdir(join(lake, folderOf(object)), { recursive: true })
    const lines = Array.from({ length: linesOfObject }, (_, line) => lineOf(object, line))
    const person = personOf(object, size)
    if (person !== undefined) lines[7] = lineOf(object, 7, person)
    await writeFile(join(lake, folderOf(object), fileOf(object)), lines.join(''))
  }
  await writeFile(join(folder, 'lethe.yaml'), 'stores: {lake: {folder: lake}}\napproval: {required: false}\n')
  await writeFile(join(folder, 'mappers.yaml'), 'mappers: [{name: clicks, store: lake, keys: [user_id]}]\n')
  const matches = createWriteStream(join(folder, 'people.csv'))
  matches.write('user_id\n')
  for (let match = 0; match < size.matches; match += 1) {
    if (!matches.write(`person-${match}\n`)) await once(matches, 'drain')
  }
  await new Promise((resolve) => matches.end(resolve))
  run(folder, ['mappers', 'apply', join(folder, 'mappers.yaml')])
  run(folder, ['queue', 'add', '--matches', join(folder, 'people.csv')])
}

function run(folder: string, args: readonly string[]): void {
  const argv = [lethe, ...args, '--config', join(folder, 'lethe.yaml')]
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`lethe ${args[0]} ended with status ${status}: ${stderr}`)
}

/** Every row of somebody who was looked for is gone, and no other. */
async function checkLake(folder: string, size: Size): Promise<void> {
  const lake = join(folder, 'lake')
  let objects = 0
  for (const part of await readdir(lake)) {
    for (const name of await readdir(join(lake, part))) {
      const object = Number(name.slice(0, 6))
      const isLess = personOf(object, size) !== undefined
      const expected = Array.from({ length: linesOfObject }, (_, line) => line)
        .filter((line) => !(isLess && line === 7))
        .map((line) => lineOf(object, line))
      if ((await readFile(join(lake, part, name), 'utf8')) !== expected.join('')) {
        throw new Error(`object ${object} is not what it should be`)
      }
      objects += 1
    }
  }
  if (objects !== size.objects) throw new Error(`there are ${objects} objects`)
}

export const tasks = {}
