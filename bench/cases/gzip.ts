import { execFileSync } from 'node:child_process'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { BenchGroup, Comparison, Contender, Task } from '../comparison.ts'
import { eventOf, spreadIds, writeRows } from '../make-events.ts'
import { csvOf } from './csv.ts'
import { tasks as ndjsonTasks } from './ndjson.ts'

const fullRows = 1_000_000

const contents = [
  { title: 'NDJSON', name: 'events.ndjson', lineOf: (row: number) => `${JSON.stringify(eventOf(row))}\n` },
  {
    title: 'CSV',
    name: 'events.csv',
    lineOf: (row: number) => `${row === 0 ? 'event_id,user_id,at,page,ms,ok\n' : ''}${csvOf(row)}\n`,
  },
]

export const group: BenchGroup = {
  name: 'gzip',
  async prepare({ folder, scale }) {
    const rows = Math.round(fullRows * scale)
    const ids = join(folder, 'ids.txt')
    await writeFile(ids, spreadIds(rows, Math.min(10, rows)).join('\n'))
    const comparisons: Comparison[] = []
    for (const { title, name, lineOf } of contents) {
      const plain = join(folder, name)
      await writeRows(plain, rows, lineOf)
      const { size } = await stat(plain)
      execFileSync('gzip', ['-6', plain])
      comparisons.push(
        await compare({ title, data: `${plain}.gz`, rows, bytes: size, ids, out: join(folder, 'out.gz') }),
      )
    }
    return comparisons
  },
}

interface Request {
  readonly title: string
  readonly data: string
  readonly rows: number
  /** Size of what is within. */
  readonly bytes: number
  readonly ids: string
  readonly out: string
}

async function compare({ title, data, rows, bytes, ids, out }: Request): Promise<Comparison> {
  const { size } = await stat(data)
  const lines = gunzipSync(await readFile(data)).filter((byte) => byte === 0x0a).length - Math.min(10, rows)
  const check = async (): Promise<void> => {
    const left = gunzipSync(await readFile(out)).filter((byte) => byte === 0x0a).length
    if (left !== lines) throw new Error(`lines left: ${left} instead of ${lines}`)
  }
  const after = (): Promise<void> => rm(out, { force: true })
  const shell = (name: string, script: string): Contender => ({
    name,
    work: { kind: 'command', argv: ['sh', '-c', script, 'sh', data, ids], stdout: out },
    after,
  })
  return {
    title: `${title} in gzip: erase 10 rows`,
    facts: [
      `${rows} rows, ${(bytes / 1e6).toFixed(0)} MB, ${(size / 1e6).toFixed(0)} MB compressed, one member, level 6`,
      'in process: find, edit, verify and write a new file, without fsync; pipelines use a core for each program',
    ],
    bytes,
    baseline: 'gzip -dc | gzip -6',
    contenders: [
      { name: 'lethe, in process', work: { kind: 'task', task: 'erase', with: { data, ids, out } }, check, after },
      { ...shell('gzip -dc | grep -v | gzip -6', 'gzip -dc "$1" | grep -v -F -f "$2" | gzip -6'), check },
      shell('gzip -dc | gzip -6', 'gzip -dc "$1" | gzip -6'),
    ],
  }
}

export const tasks: Readonly<Record<string, Task>> = { erase: ndjsonTasks['erase']! }
