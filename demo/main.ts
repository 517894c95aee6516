// Two lakes, people in them, and then not, and a deletion job: `npm run demo`. In buckets where LETHE_S3_ENDPOINT names a server.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { checkRows, ndjsonRows, parquetRows, type ReadRows } from './check-rows.ts'
import { demonstrateJobs } from './jobs-part.ts'
import { makeNdjsonLake } from './make-ndjson-lake.ts'
import { makeParquetLake } from './make-parquet-lake.ts'
import { type Report, readLethe, showLethe } from './run-lethe.ts'
import { uploadLake } from './s3-lake.ts'

interface Part {
  readonly title: string
  readonly makeLake: (folder: string) => void | Promise<void>
  readonly who: string
  /** The file of `--matches`. */
  readonly matches: string
  /** The rows of both lakes, and which are the people's, in the words of DuckDB. */
  readonly rows: readonly ReadRows[]
}

const ndjsonPart: Part = {
  title: 'NDJSON: orders and clicks of a shop, a folder a day, and a public collection of films',
  makeLake: makeNdjsonLake,
  who: 'Three people ask to be forgotten: two customers and a film director.',
  // The orders have a customer's id in an object and as text, the clicks as a number.
  matches: [
    '{"customer.id":"4711"}',
    '{"user_id":"4711"}',
    '{"customer.id":"815"}',
    '{"user_id":"815"}',
    '{"Director":"Stanley Kubrick"}\n',
  ].join('\n'),
  rows: [
    ndjsonRows(
      '**/*.ndjson',
      `(json->>'$.customer.id') IN ('4711', '815') OR (json->>'$.user_id') IN ('4711', '815')
       OR (json->>'$.Director') = 'Stanley Kubrick'`,
    ),
  ],
}

const parquetPart: Part = {
  title: 'Parquet: payments, a folder a day, and three million flights, a public file of 13 MB',
  makeLake: makeParquetLake,
  who: 'Two customers have to go, and three flights: each told by time, origin and destination together.',
  matches: [
    '{"customer_id":"4711"}',
    '{"customer_id":"815"}',
    '{"date":"2001-02-11T14:00:00","origin":"SJC","destination":"ONT"}',
    '{"date":"2001-06-23T14:00:00","origin":"SJC","destination":"ONT"}',
    '{"date":"2001-01-11T14:19:00","origin":"DFW","destination":"MKE"}\n',
  ].join('\n'),
  rows: [
    parquetRows('payments/*/*.parquet', 'customer_id IN (4711, 815)'),
    parquetRows(
      'flights/*.parquet',
      `(date, origin, destination) IN ((TIMESTAMP '2001-02-11 14:00:00', 'SJC', 'ONT'),
       (TIMESTAMP '2001-06-23 14:00:00', 'SJC', 'ONT'), (TIMESTAMP '2001-01-11 14:19:00', 'DFW', 'MKE'))`,
    ),
  ],
}

const folder = mkdtempSync(join(tmpdir(), 'lethe-demo-'))
try {
  await demonstrate(ndjsonPart, join(folder, 'ndjson'))
  await demonstrate(parquetPart, join(folder, 'parquet'))
  await demonstrateJobs(join(folder, 'jobs'), say)
  say('They are gone, and everything else is as it was.')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function demonstrate({ title, makeLake, who, matches, rows }: Part, cwd: string): Promise<void> {
  mkdirSync(cwd)
  say(`== ${title}`)
  await makeLake(join(cwd, 'lake'))
  cpSync(join(cwd, 'lake'), join(cwd, 'before'), { recursive: true })
  writeFileSync(join(cwd, 'people.ndjson'), matches)
  const bucket = await uploadLake(join(cwd, 'lake'), { name: basename(cwd) })
  const lake = bucket?.args ?? ['lake']

  say(`${who} What would be done?`)
  showLethe(['erase', ...lake, '--matches', 'people.ndjson', '--dry-run'], { cwd })

  say('Erasing them.')
  const { report, seconds } = readLethe(['erase', ...lake, '--matches', 'people.ndjson', '--yes', '--json'], { cwd })
  sayErased(report, seconds)
  await bucket?.download()
  await bucket?.remove()

  say('Checking with DuckDB, which shares no code with Lethe.')
  const check = await checkRows(rows, { before: join(cwd, 'before'), after: join(cwd, 'lake') })
  say(
    `before: ${count(check.rowsBefore)} rows, ${count(check.rowsOfPeople)} of them theirs`,
    `after:  ${count(check.rowsAfter)} rows, ${count(check.rowsLeft)} of them theirs`,
    `files whose other rows are not the same, in the same order: ${check.filesChanged.length}`,
  )
  const isRight =
    check.rowsOfPeople > 0 &&
    check.rowsLeft === 0 &&
    check.filesChanged.length === 0 &&
    check.rowsOfPeople === report.totals.rows.matched &&
    check.rowsAfter === report.totals.rows.kept
  if (!isRight) throw new Error('The check failed: the lake is not what it should be.')
}

function sayErased({ objects, totals }: Report, seconds: number): void {
  const edited = objects.filter(({ status }) => status === 'erased')
  const copied = edited.reduce((sum, { bytes }) => sum + bytes.kept, 0)
  const rewritten = edited.reduce((sum, { bytes }) => sum + bytes.inserted, 0)
  say(
    `${count(totals.rows.matched)} of ${count(totals.rows.seen)} rows erased, in ${totals.erased} of ${totals.objects} objects.`,
    `${megabytes(copied)} copied byte for byte, ${megabytes(rewritten)} written anew, ${megabytes(totals.bytes.read)} read.`,
    `${seconds.toFixed(1)} s, ${megabytes(totals.bytes.size / seconds)}/s of the lake.`,
  )
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
