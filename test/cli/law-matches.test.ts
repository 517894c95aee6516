import { afterAll, describe, expect, test } from 'vitest'
import { documentOf } from './law-lake.ts'
import { lines, makeLake, type Run, runLethe } from './run-lethe.ts'

/** Ids that no run may repeat, whatever is wrong with them. */
const secret = 'zoe.secret-9241@example.org'

const lake = makeLake({
  'a.ndjson': lines(
    { id: secret, n: 0, last: 'L', born: '1' },
    { id: '', n: 1 },
    { id: 42, n: 2 },
    { id: true, n: 3 },
    { id: 'a=b', n: 4 },
    { id: '{x}', n: 5 },
    { id: 'ü, "q"\nr', n: 6 },
    { id: 2 ** 53, n: 7 },
    { id: ' 42', n: 8 },
    { id: '1e2', n: 9 },
    { id: 100, n: 10 },
    { id: 'null', n: 11 },
  ),
})
afterAll(() => {
  lake[Symbol.dispose]()
})

async function find(args: readonly string[], stdin: string | Uint8Array = ''): Promise<Run> {
  return await runLethe(['find', lake.path('a.ndjson'), ...args, '--json'], { stdin, secrets: [secret] })
}

async function matched(args: readonly string[], stdin?: string | Uint8Array): Promise<number | undefined> {
  return documentOf(await find(args, stdin)).objects[0]!.rows?.matched
}

describe('--match', () => {
  test.each<[string, readonly string[], number]>([
    ['splits at the first =', ['id=a=b'], 1],
    ['may have an empty value', ['id='], 1],
    ['may be repeated: alternatives', ['id=', 'id=42', 'id=true'], 3],
    ['is a composite where it begins with {', ['{"last":"L","born":1}'], 1],
    ['is a composite that holds in no row', ['{"last":"L","born":"2"}'], 0],
    ['has a value with braces', ['id={x}'], 1],
    ['is not trimmed', ['id= 42'], 1],
    ['may name one column in JSON', ['{"id":42}'], 1],
  ])('%s', async (_, values, rows) => {
    expect(await matched(values.flatMap((value) => ['--match', value]))).toBe(rows)
  })

  test.each<[string, string]>([
    ['without =', secret],
    ['without a name', `=${secret}`],
    ['with broken JSON', `{"id":"${secret}"`],
    ['with null in JSON', `{"id":null,"last":"${secret}"}`],
    ['with an array in JSON', `{"id":["${secret}"]}`],
    ['without a column in JSON', '{}'],
  ])('%s is a usage error that does not repeat it', async (_, value) => {
    const run = await find(['--match', value])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).not.toContain(secret)
  })
})

describe('--matches', () => {
  test.each<[string, string | Uint8Array, number]>([
    ['NDJSON, a simple match a line', lines({ id: secret }, { id: '' }), 2],
    ['NDJSON with a byte-order mark, CRLF, blank lines', `\ufeff\r\n{"id":"${secret}"}\r\n\n{"id":42}`, 2],
    ['CSV with a header', `id\n${secret}\n42\n`, 2],
    ['CSV with a byte-order mark and CRLF', `\ufeffid\r\n${secret}\r\n42\r\n`, 2],
    ['CSV with quotes', `id\n"ü, ""q""\nr"\n"${secret}"\n`, 2],
    ['an empty cell of CSV is the empty text', 'id\n""\n', 1],
    ['CSV of several columns: composites', `last,born\nL,1\nL,2\n`, 1],
    ['CSV whose empty cells are texts', 'last,born\nL,\n', 0],
    ['the last line without a newline', `id\n${secret}`, 1],
    ['a number in JSON is its text', '{"id":9007199254740992}\n', 1],
    ['a number in JSON is not read as a float', '{"id":9007199254740993}\n', 0],
    ['a number in another form is its token, only text', '{"id":1e2}\n', 1],
    ['a boolean in JSON is its text', '{"id":true}\n', 1],
    ['several columns in JSON: a composite', lines({ last: 'L', born: '1' }), 1],
    ['escapes in JSON', '{"\\u0069d":"\\u007ax"}\n{"id":"{x}"}\n', 1],
    ['CSV is not trimmed', 'id\n 42\n', 1],
    ['the word null in CSV is text', 'id\nnull\n', 1],
  ])('%s', async (_, content, rows) => {
    expect(await matched(['--matches', '-'], content)).toBe(rows)
  })

  const invalid: readonly (readonly [string, string | Uint8Array, number])[] = [
    ['null in NDJSON', `{"id":"${secret}"}\n{"id":null}\n`, 2],
    ['an array in NDJSON', `{"id":"${secret}"}\n\n{"id":["${secret}"]}\n`, 3],
    ['an object in NDJSON', `{"id":{"a":"${secret}"}}\n`, 1],
    ['broken NDJSON', `{"id":1}\n{"id":"${secret}\n`, 2],
    ['a scalar in NDJSON', `{"id":1}\n"${secret}"\n`, 2],
    ['an object without columns', '{"id":1}\n{}\n', 2],
    ['a ragged row of CSV', `a,id\n1,${secret}\n${secret}\n`, 3],
    ['a quote never closed in CSV', `id\n"${secret}\n`, 2],
    ['text behind a quote in CSV', `id\n1\n"a"${secret}\n`, 3],
    ['no UTF-8', Buffer.from(`id\n1\n${secret}\xff\n`, 'latin1'), 3],
    ['a column twice in CSV', 'id,id\n1,2\n', 1],
    ['a column twice in NDJSON', '{"id":1,"id":2}\n', 1],
  ]
  test.each(invalid)('%s is a usage error that gives the line, and not what it says', async (_, content, line) => {
    const run = await find(['--matches', '-'], content)
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(new RegExp(`\\b${line}\\b`))
  })

  test.each([
    ['nothing', ''],
    ['a header alone', 'id\n'],
    ['blank lines', '\n\n'],
  ])('%s is a usage error', async (_, content) => {
    expect(await find(['--matches', '-'], content)).toMatchObject({ status: 2, stdout: '' })
  })

  test('a file, beside --match: alternatives of both', async () => {
    using files = makeLake({ 'people.csv': `id\n${secret}\n` })
    expect(await matched(['--matches', files.path('people.csv'), '--match', 'id=42'])).toBe(2)
  })

  test('a file that is not there is a usage error that does not name it', async () => {
    const run = await find(['--matches', lake.path(secret)])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).not.toContain(secret)
  })

  test('a value with an edge space is a warning with its line', async () => {
    const run = await find(['--matches', '-'], `id\n${secret}\n${secret} \n`)
    expect(run.status).toBe(0)
    expect(run.stderr).toMatch(/line 3\b/)
  })
})

test('the plan prints the shape of the matches with counts, never values', async () => {
  const flags = ['id=77', '{"last":"L","born":"1"}'].flatMap((value) => ['--match', value])
  const run = await runLethe(['erase', '--dry-run', lake.path('a.ndjson'), ...flags])
  expect(run.stdout + run.stderr).toContain('id = <1 value> OR (last, born) = <1 tuple>')
  expect(run.stdout + run.stderr).not.toContain('77')
})

describe('a column that no object has', () => {
  test.each<[string, readonly string[], string, RegExp]>([
    ['--match', ['--match', 'id=42', '--match', `${secret}=1`], '', /--match number 2\b/],
    ['--match in JSON', ['--match', `{"id":"1","${secret}":"1"}`], '', /--match number 1\b/],
    ['NDJSON', ['--matches', '-'], `{"id":"1"}\n\n{"${secret}":"1"}\n`, /line 3\b/],
    ['a CSV without a header', ['--matches', '-'], `${secret}\n42\n`, /line 1\b/],
    ['a file beside flags', ['--match', 'id=1', '--matches', '-'], `${secret}\n42\n`, /line 1\b/],
  ])('given by %s is a usage error by its position, not its text', async (_, args, stdin, place) => {
    const run = await find(args, stdin)
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(place)
    expect(run.stderr).not.toContain(secret)
  })

  test('is one before any write', async () => {
    using files = makeLake({ 'a.ndjson': lines({ id: 1 }), 'b.csv': 'id,v\n1,2\n' })
    const before = files.contents()
    const args = ['erase', files.folder, '--match', 'id=1', '--match', 'typo=1', '--yes', '--json']
    expect(await runLethe(args)).toMatchObject({ status: 2, stdout: '' })
    expect(files.contents()).toEqual(before)
  })

  test('is none where no row was read', async () => {
    using files = makeLake({ 'a.ndjson': '', 'b.csv': 'id,v\n' })
    expect(await runLethe(['find', files.folder, '--match', 'typo=1', '--json'])).toMatchObject({ status: 0 })
  })

  test('is none where a folder has it', async () => {
    using files = makeLake({ 'day=1/a.ndjson': lines({ id: 1 }) })
    expect(await runLethe(['find', files.folder, '--match', 'day=2', '--json'])).toMatchObject({ status: 0 })
  })
})
