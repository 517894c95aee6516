import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lines, makeLake, people, type Run, type RunOptions, runLethe } from './run-lethe.ts'

const { ada, bob } = people

const configuration = `stores:
  lake: { folder: lake }
  bucket: { bucket: my-bucket, prefix: events/, region: eu-central-1 }
`
const mapperFile = `mappers:
  - name: clicks
    store: lake
    location: clicks/
    keys: [user_id]
    partitionKeys: [date]
  - name: people
    store: lake
    location: people/*.txt
    format: csv
    csv: { delimiter: ";" }
    keys: [mail]
    columns: [last, born]
    oldVersions: { deleteAfterDays: 30 }
    note: the newsletter
`

describe('lethe where it is configured', () => {
  let lake: ReturnType<typeof makeLake>
  // The tests go on from one another: each start of the embedded database takes seconds.
  beforeAll(() => {
    lake = makeLake({
      'lethe.yaml': configuration,
      'mappers.yaml': mapperFile,
      'lake/clicks/date=2026-01-01/a.ndjson': lines({ user_id: ada }, { user_id: bob }),
      'lake/people/a.txt': `mail;last;born\n${ada};Lovelace;1815-12-10\n`,
      'deep/er/file': '',
    })
  })
  afterAll(() => lake[Symbol.dispose]())

  const lethe = (args: readonly string[], options: RunOptions = {}): Promise<Run> =>
    runLethe(args, { cwd: lake.path('deep/er'), ...options })

  test('checks and prints the configuration that it finds above', async () => {
    const run = await lethe(['config', 'check', '--json'], {
      env: { DATABASE_URL: 'postgres://lethe:hunter2-4711@db.example.org/lethe' },
      secrets: ['hunter2-4711'],
    })
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toMatchObject({
      file: lake.path('lethe.yaml'),
      configuration: {
        state: { url: 'postgres://lethe:****@db.example.org/lethe' },
        stores: { lake: { folder: lake.path('lake') } },
      },
    })
  })

  test('tells the line of a configuration that is wrong', async () => {
    using wrong = makeLake({ 'lethe.yaml': 'stores: {}\njobs:\n  concurency: 4\n' })
    const run = await lethe(['queue', 'list'], { cwd: wrong.folder })
    expect(run).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'lethe: invalid-config: lethe.yaml:3: jobs.concurency is no key that is known here\n',
    })
  })

  test('lists stores, and tells what one of them enforces', async () => {
    const list = await lethe(['stores', 'list'])
    expect(list.stdout).toMatch(
      /^name +place +access\nlake +\/.*\/lake\nbucket +s3:\/\/my-bucket\/events\/ +region eu-central-1\n$/,
    )
    expect(await lethe(['stores', 'check', 'lake', '--json'])).toMatchObject({ status: 0 })
    expect(await lethe(['stores', 'check', 'nowhere'])).toMatchObject({ status: 2, stdout: '' })
  })

  test('creates no data mapper where one of a file does not fit its data', async () => {
    const stdin = mapperFile.replace('born', 'bron')
    const run = await lethe(['mappers', 'apply', '-'], { stdin })
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: column-not-found: data mapper people: .*bron.*No data mapper was changed\n$/)
  }, 60_000)

  test('takes back the data mappers that it has exported', async () => {
    const applied = await lethe(['mappers', 'apply', lake.path('mappers.yaml')])
    expect(applied).toMatchObject({ status: 0, stdout: 'created clicks\ncreated people\n', stderr: '' })
    const exported = await lethe(['mappers', 'export'])
    expect(exported.stdout).toMatch(/^mappers:\n {2}- name: clicks\n {4}store: lake\n/)
    const diff = await lethe(['mappers', 'diff', '-', '--json'], { stdin: exported.stdout })
    expect(diff).toMatchObject({ status: 0 })
    expect(JSON.parse(diff.stdout)).toEqual({ created: [], changed: [], unchanged: ['clicks', 'people'], extra: [] })
  }, 60_000)

  test('tells what a changed file would change', async () => {
    const stdin = `mappers:\n${mapperFile.slice(mapperFile.indexOf('  - name: people')).replace('30', '7')}`
    const run = await lethe(['mappers', 'diff', '-', '--prune'], { stdin })
    expect(run).toMatchObject({
      status: 1,
      stdout: 'to change people\n  oldVersions: {"deleteAfterDays":30} -> {"deleteAfterDays":7}\nto delete clicks\n',
    })
  }, 60_000)

  test('takes matches, and shows them without a value', async () => {
    const stdin = `user_id,ticket,date\n${ada},R-1,2026-03-01\n${bob},R-2,2026-03-02\n`
    const args = ['queue', 'add', '--matches', '-', '--reference-column', 'ticket', '--received-column', 'date']
    const added = await lethe([...args, '--deadline', 'ccpa', '--json'], { stdin })
    expect(added).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(added.stdout)).toEqual({ batch: expect.any(String), added: 2 })

    const list = await lethe(['queue', 'list', '--json'])
    const { matches, totals } = JSON.parse(list.stdout)
    expect(matches).toMatchObject([
      { id: 1, reference: 'R-1', match: 'user_id = ****', received: '2026-03-01', due: '2026-04-15', deadline: 'ccpa' },
      { id: 2, reference: 'R-2', match: 'user_id = ****', received: '2026-03-02', due: '2026-04-16', atRisk: true },
    ])
    expect(totals).toEqual({ matches: 2, atRisk: 2 })
  }, 60_000)

  test('repeats no value where the header is missing, and adds nothing', async () => {
    const run = await lethe(['queue', 'add', '--matches', '-'], { stdin: `${ada}\n${bob}\n` })
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: invalid-match: line 1 of the matches names columns that no data mapper has/)
  }, 60_000)

  test('finds and removes matches by their value, and has the value nowhere', async () => {
    const removed = await lethe(['queue', 'remove', '--matches', '-'], { stdin: `user_id\n${bob}\n` })
    expect(removed).toMatchObject({ status: 0, stdout: 'removed 1 match\n', stderr: '' })
    const table = await lethe(['queue', 'list', '--all'])
    expect(table.stdout).toMatch(/^1 +QUEUED +R-1 .* OVERDUE +all +user_id = \*{4}$/m)
    expect(table.stdout).toMatch(/^2 +REMOVED +R-2 .* all +\*{4}$/m)
    for (const path of filesBelow(lake.path('.lethe'))) {
      const content = readFileSync(path)
      expect([ada, bob].filter((value) => content.includes(value) || path.includes(value))).toEqual([])
    }
  }, 60_000)

  test.each([
    ['a date that is none', ['add', '--matches', '-', '--received', ada]],
    ['a deadline that is none', ['add', '--matches', '-', '--deadline', ada]],
    ['no matches', ['add']],
    ['a value where an id belongs', ['remove', ada]],
    ['a state that is none', ['list', '--state', ada]],
    ['nothing to remove', ['remove']],
  ])('exits 2 on %s and repeats no argument', async (_, args) => {
    const run = await lethe(['queue', ...args])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).not.toContain(ada)
  })
})

test('a find on targets loads neither YAML nor a database', async () => {
  using lake = makeLake({ 'a.ndjson': lines({ user_id: 1 }) })
  const packages = '^(yaml|zod|pg|kysely|@electric-sql)'
  const hook = `import{registerHooks}from'node:module';registerHooks({resolve(name,context,next){
    if(/${packages}/.test(name))throw new Error('not needed');return next(name,context)}})`
  const node = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`]
  expect(await runLethe(['find', lake.folder, '--match', 'user_id=2'], { node })).toMatchObject({ status: 0 })
  expect(await runLethe(['config', 'check'], { node, cwd: lake.folder })).toMatchObject({ status: 1 })
})

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
