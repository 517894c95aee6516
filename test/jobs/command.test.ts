import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { people, runLethe } from '../cli/run-lethe.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import { ndjsonFile, parquetFile, type Row, readRows } from './make-test-world.ts'

const rows: readonly Row[] = [people.ada, 'somebody', people.bob, 'else', people.ada].map((user_id, n) => ({
  user_id,
  n,
}))

test('a job from end to end by the command line, and no value of a match in any place that Lethe has', async () => {
  await using folder = await makeTemporaryFolder()
  await folder.put('lake/clicks/a.ndjson', ndjsonFile(rows))
  await folder.put('lake/orders/a.parquet', parquetFile(rows))
  await folder.put('lethe.yaml', 'stores: {lake: {folder: lake}}\napproval: {expiresAfterDays: 3}\n')
  await folder.put(
    'mappers.yaml',
    `mappers:
  - {name: clicks, store: lake, location: clicks/, keys: [user_id]}
  - {name: orders, store: lake, location: orders/, keys: [user_id]}\n`,
  )
  const lethe = async (args: readonly string[], stdin = '') => {
    const { status, stdout, stderr } = await runLethe(args, { cwd: folder.root, stdin, env: { LETHE_USER: 'ada' } })
    return { status, stderr, document: () => JSON.parse(stdout) as Record<string, unknown> }
  }
  await lethe(['mappers', 'apply', 'mappers.yaml', '--no-check'])
  const added = await lethe(
    ['queue', 'add', '--matches', '-', '--reference', 'R-1'],
    `*\n${people.ada}\n${people.bob}\n`,
  )
  expect(added.status, added.stderr).toBe(0)

  const started = await lethe(['jobs', 'start', '--watch', '--json'])
  expect(started.status, started.stderr).toBe(0)
  expect(started.document()).toMatchObject({
    state: 'AWAITING_APPROVAL',
    matches: { all: 2, found: 2, notFound: 0 },
    progress: [{ phase: 'FIND', all: 2, ended: 2, rows: 6 }],
  })
  const { id, scope } = started.document() as { id: string; scope: string }
  const own = await lethe(['jobs', 'approve', id, '--comment', 'my own'])
  expect([own.status, own.stderr]).toEqual([2, expect.stringContaining('not-permitted')])
  const approve = [
    'jobs',
    'approve',
    id.slice(0, 8),
    '--scope',
    scope.slice(0, 12),
    '--comment',
    'case 17',
    '--by',
    'bob',
  ]
  expect((await lethe(approve)).status).toBe(0)
  expect((await lethe(['worker', '--until-idle'])).status).toBe(0)

  const report = (await lethe(['jobs', 'report', id, '--json'])).document()
  expect(report).toMatchObject({
    state: 'COMPLETED',
    requests: [{ reference: 'R-1', matches: 2, notFound: 0, rows: 6 }],
    receipts: [
      { position: 0, body: { outcome: 'erased', rows: { before: 5, erased: 3, kept: 2 } } },
      { position: 1, body: { outcome: 'erased', rows: { before: 5, erased: 3, kept: 2 } } },
    ],
  })
  const left = rows.filter(({ user_id }) => user_id === 'somebody' || user_id === 'else')
  expect(await readRows(folder, 'lake/clicks/a.ndjson')).toEqual(left)
  expect(await readRows(folder, 'lake/orders/a.parquet')).toEqual(left)
  // Tables, indexes, the log of the database, keys, the lake.
  expect(filesBelow(folder.root).filter((file) => holdsValue(readFileSync(file)))).toEqual([])
}, 180_000)

test('a job is named by its id alone, and a policy by its words', async () => {
  for (const args of [
    ['jobs', 'show', people.ada],
    ['jobs', 'objects', 'abcd', '--state', people.ada],
    ['jobs', people.ada],
    ['worker', people.ada],
  ]) {
    expect((await runLethe(args)).status, args[1]).toBe(2)
  }
})

function filesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  return names.filter((name) => statSync(name).isFile())
}

function holdsValue(bytes: Buffer): boolean {
  return Object.values(people).some((value) => bytes.includes(value))
}
