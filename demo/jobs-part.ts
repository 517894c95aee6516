import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkRows, ndjsonRows } from './check-rows.ts'
import { makeNdjsonLake } from './make-ndjson-lake.ts'
import { readDocument, showLethe } from './run-lethe.ts'

const configuration = `
stores:
  lake: { folder: lake }
approval: { approvers: [grace] }
`

const mappers = `
mappers:
  - { name: orders, store: lake, location: orders/, keys: [customer.id], partitionKeys: [date] }
  - { name: clicks, store: lake, location: clicks/, keys: [user_id], partitionKeys: [date] }
  - { name: films, store: lake, location: films/, keys: [Director] }
`

const requests = `request,*
DSR-1,4711
DSR-2,815
DSR-3,Stanley Kubrick
DSR-4,nobody-of-this-name
`

interface JobDocument {
  readonly id: string
  readonly scope: string
  readonly state: string
}

interface ReportDocument {
  readonly state: string
  readonly receipts: readonly { readonly body: { readonly rows: { readonly erased: number } } }[]
}

/** What is configured once and used for years: stores, data mappers, the queue, and a job that a second person approves. */
export async function demonstrateJobs(cwd: string, say: (...sentences: readonly string[]) => void): Promise<void> {
  mkdirSync(cwd)
  say('== Deletion jobs: the same shop, configured once')
  makeNdjsonLake(join(cwd, 'lake'))
  cpSync(join(cwd, 'lake'), join(cwd, 'before'), { recursive: true })
  writeFileSync(join(cwd, 'lethe.yaml'), configuration)
  writeFileSync(join(cwd, 'mappers.yaml'), mappers)
  writeFileSync(join(cwd, 'requests.csv'), requests)
  showLethe(['mappers', 'apply', 'mappers.yaml'], { cwd })

  say('Four requests come in. Their values are stored encrypted, under a key of their own.')
  const add = ['queue', 'add', '--matches', 'requests.csv', '--reference-column', 'request', '--by', 'ada']
  showLethe(add, { cwd })
  showLethe(['queue', 'list'], { cwd })
  const keys = keysIn(cwd)

  say('Ada starts a job. It finds and plans, and then waits for somebody else.')
  const { id, scope } = readDocument<JobDocument>(['jobs', 'start', '--watch', '--by', 'ada', '--json'], { cwd })
  showLethe(['jobs', 'plan', id.slice(0, 8)], { cwd })

  say('Grace approves exactly this scope; a worker erases, and searches everything again.')
  const approve = [
    'jobs',
    'approve',
    id.slice(0, 8),
    '--scope',
    scope.slice(0, 12),
    '--comment',
    'checked',
    '--by',
    'grace',
  ]
  showLethe(approve, { cwd })
  showLethe(['worker', '--until-idle'], { cwd })
  showLethe(['jobs', 'show', id.slice(0, 8)], { cwd })

  const report = readDocument<ReportDocument>(['jobs', 'report', id, '--json'], { cwd })
  const erased = report.receipts.reduce((sum, { body }) => sum + body.rows.erased, 0)
  const people = `(json->>'$.customer.id') IN ('4711', '815') OR (json->>'$.user_id') IN ('4711', '815')
    OR (json->>'$.Director') = 'Stanley Kubrick'`
  const check = await checkRows([ndjsonRows('**/*.ndjson', people)], {
    before: join(cwd, 'before'),
    after: join(cwd, 'lake'),
  })
  say(
    `${report.receipts.length} receipts, in a chain of hashes, tell of ${erased} rows erased; DuckDB counted ${check.rowsOfPeople} of theirs before and ${check.rowsLeft} after.`,
    `Keys of match values: ${keys} before, ${keysIn(cwd)} after: nobody can read any more who was looked for.`,
  )
  const isRight =
    report.state === 'COMPLETED' &&
    erased === check.rowsOfPeople &&
    check.rowsLeft === 0 &&
    check.filesChanged.length === 0 &&
    keys === 1 &&
    keysIn(cwd) === 0
  if (!isRight) throw new Error('The check failed: the lake is not what it should be.')
}

function keysIn(cwd: string): number {
  return readdirSync(join(cwd, '.lethe', 'keys')).filter((name) => name.endsWith('.key')).length
}
