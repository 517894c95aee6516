// A lake, three people in it, and then not: `npm run demo`.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkRows } from './check-rows.ts'
import { makeLake } from './make-lake.ts'
import { readLethe, showLethe } from './run-lethe.ts'

const people = [
  // Two customers, whose id the orders have in an object and as text, the clicks as a number.
  { 'customer.id': '4711' },
  { user_id: '4711' },
  { 'customer.id': '815' },
  { user_id: '815' },
  { Director: 'Stanley Kubrick' },
]
const isPerson = `(row->>'$.customer.id') IN ('4711', '815') OR (row->>'$.user_id') IN ('4711', '815')
  OR (row->>'$.Director') = 'Stanley Kubrick'`

const folder = mkdtempSync(join(tmpdir(), 'lethe-demo-'))
try {
  await demonstrate(folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function demonstrate(cwd: string): Promise<void> {
  say('Making a lake: orders and clicks of a shop, a folder a day, and a public collection of films.')
  makeLake(join(cwd, 'lake'))
  cpSync(join(cwd, 'lake'), join(cwd, 'before'), { recursive: true })
  writeFileSync(join(cwd, 'people.ndjson'), people.map((match) => `${JSON.stringify(match)}\n`).join(''))

  say('Three people ask to be forgotten: two customers and a film director. What would be done?')
  showLethe(['erase', 'lake', '--matches', 'people.ndjson', '--dry-run'], { cwd })

  say('Erasing them.')
  const { report, seconds } = readLethe(['erase', 'lake', '--matches', 'people.ndjson', '--yes', '--json'], { cwd })
  const { objects, totals } = report
  const edited = objects.filter(({ status }) => status === 'erased')
  const copied = edited.reduce((sum, { bytes }) => sum + bytes.kept, 0)
  const rewritten = edited.reduce((sum, { bytes }) => sum + bytes.inserted, 0)
  say(
    `${count(totals.rows.matched)} of ${count(totals.rows.seen)} rows erased, in ${totals.erased} of ${totals.objects} objects.`,
    `${megabytes(copied)} copied byte for byte, ${megabytes(rewritten)} written anew, ${megabytes(totals.bytes.read)} read.`,
    `${seconds.toFixed(1)} s, ${megabytes(totals.bytes.size / seconds)}/s of the lake.`,
  )

  say('Checking with DuckDB, which shares no code with Lethe.')
  const check = await checkRows({ before: join(cwd, 'before'), after: join(cwd, 'lake'), isPerson })
  say(
    `before: ${count(check.rowsBefore)} rows, ${count(check.rowsOfPeople)} of them theirs`,
    `after:  ${count(check.rowsAfter)} rows, ${count(check.rowsLeft)} of them theirs`,
    `files whose other rows are not the same, in the same order: ${check.filesChanged.length}`,
  )
  const isRight =
    check.rowsLeft === 0 &&
    check.filesChanged.length === 0 &&
    check.rowsOfPeople === totals.rows.matched &&
    check.rowsAfter === totals.rows.kept
  if (!isRight) throw new Error('The check failed: the lake is not what it should be.')
  say('They are gone, and everything else is as it was.')
}

function say(...sentences: readonly string[]): void {
  process.stdout.write(`${sentences.join('\n')}\n\n`)
}

function count(rows: number): string {
  return rows.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
