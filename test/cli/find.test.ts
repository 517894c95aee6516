import { symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lines, makeLake, people, runLethe } from './run-lethe.ts'

const orders = lines({ user: people.ada, n: 1 }, { user: 'other', n: 2 }, { user: people.ada, n: 3 })
const clicks = lines({ user: 'other', n: 4 })

function find(args: readonly string[], ...more: string[]) {
  return runLethe(['find', ...args, '--match', `user=${people.ada}`, ...more])
}

describe('find --json', () => {
  test('prints one document: objects, totals, interrupted', async () => {
    using lake = makeLake({ 'clicks.ndjson': clicks, 'orders.ndjson': orders })
    const run = await find([lake.folder], '--json')
    const kept = Buffer.byteLength(orders.split('\n')[1]!) + 1
    const bytes = { size: orders.length, read: expect.any(Number) as number, kept, inserted: 0 }
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toEqual({
      objects: [
        {
          uri: expect.stringContaining('clicks.ndjson') as string,
          status: 'unchanged',
          reason: null,
          rows: { seen: 1, matched: 0, kept: 1 },
          bytes: { size: clicks.length, read: expect.any(Number) as number, kept: clicks.length, inserted: 0 },
          warnings: [],
        },
        {
          uri: expect.stringContaining('orders.ndjson') as string,
          status: 'matched',
          reason: null,
          rows: { seen: 3, matched: 2, kept: 1 },
          bytes,
          warnings: [],
        },
      ],
      totals: {
        objects: 2,
        matched: 1,
        erased: 0,
        unchanged: 1,
        refused: 0,
        failed: 0,
        skipped: 0,
        rows: { seen: 4, matched: 2, kept: 2 },
        bytes: {
          size: orders.length + clicks.length,
          read: expect.any(Number) as number,
          kept: kept + clicks.length,
          inserted: 0,
        },
      },
      interrupted: false,
    })
  })

  test('changes nothing', async () => {
    using lake = makeLake({ 'a.ndjson': orders, 'b.ndjson': clicks })
    const before = lake.contents()
    await find([lake.folder], '--json')
    expect(lake.contents()).toEqual(before)
  })

  test('reports what it refuses, goes on, and exits 3', async () => {
    using lake = makeLake({ 'a.ndjson': `${orders}{"user":\n`, 'b.ndjson': orders, 'c.png': '\x89PNG\r\n\x1a\n\0' })
    const run = await find([lake.folder], '--json')
    const { objects, totals } = JSON.parse(run.stdout) as {
      objects: { status: string; reason: object }[]
      totals: object
    }
    expect(run.status).toBe(3)
    expect(objects.map(({ status, reason }) => [status, reason])).toEqual([
      ['refused', { code: 'malformed', message: expect.any(String) as string }],
      ['matched', null],
      ['refused', { code: 'unknown-format', message: expect.any(String) as string }],
    ])
    expect(totals).toMatchObject({ objects: 3, matched: 1, refused: 2 })
  })

  test('counts names that begin with . or _, a folder once, and does not enter it', async () => {
    using lake = makeLake({ 'a.ndjson': orders, _SUCCESS: '', '.hidden/b.ndjson': orders, '.hidden/c.ndjson': orders })
    const { totals } = JSON.parse((await find([lake.folder], '--json')).stdout) as { totals: object }
    expect(totals).toMatchObject({ objects: 1, skipped: 2 })
  })

  test('takes an object that several targets or links name once', async () => {
    using lake = makeLake({ 'a.ndjson': orders })
    symlinkSync(lake.path('a.ndjson'), lake.path('b.ndjson'))
    const { totals } = JSON.parse((await find([lake.folder, lake.path('*.ndjson')], '--json')).stdout) as {
      totals: object
    }
    expect(totals).toMatchObject({ objects: 1, matched: 1, rows: { seen: 3 } })
  })

  test('counts rows of a sentinel and warns', async () => {
    using lake = makeLake({ 'a.ndjson': lines({ user: people.ada }).repeat(1001) })
    const run = await find([lake.folder], '--json')
    expect(run).toMatchObject({ status: 0 })
    expect(run.stderr).toBe(
      'lethe: warning: --match number 1 hits 1,001 of 1,001 rows (100.0 %): is it a person, or what stands where a value is missing?\n',
    )
  })
})

describe('find for people', () => {
  test('prints the shape of the matches, a table and the sums', async () => {
    using lake = makeLake({ 'clicks.ndjson': clicks, 'orders.ndjson': orders })
    const run = await find([lake.folder])
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout.replaceAll(lake.folder, 'lake')).toBe(
      [
        'looking for user = <1 value>',
        '   status  rows seen  matched  to rewrite  object',
        'unchanged          1        0         0 B  lake/clicks.ndjson',
        '  matched          3        2        23 B  lake/orders.ndjson',
        '2 objects: 1 matched, 1 unchanged',
        '4 rows: 2 matched, 2 kept',
        '23 B to rewrite: 23 B copied as they are, 0 B new',
        '',
      ].join('\n'),
    )
  })

  test('says in words what was refused and what is odd', async () => {
    using lake = makeLake({
      'a.ndjson': '{"user":\n',
      'b.ndjson': lines({ user: ['x'] }, { user: people.ada }),
      [`user=${'person'}/c.ndjson`]: lines({ n: 1 }),
    })
    const run = await runLethe(['find', lake.folder, '--match', `user=${people.ada}`, '--match', 'user=person'])
    expect(run.status).toBe(3)
    expect(run.stdout).toMatch(/a\.ndjson: malformed: /)
    expect(run.stdout).toMatch(/b\.ndjson: warning: 1 row with an array or object where a match looks for a value/)
    expect(run.stdout).toMatch(
      /c\.ndjson: warning: the object's name, or a folder's, tells a value that 1 row matched by/,
    )
  })

  test('leaves unchanged objects out of a long table and counts them', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`part-${n}.ndjson`, clicks]))
    using lake = makeLake({ ...many, 'orders.ndjson': orders })
    const { stdout } = await find([lake.folder])
    expect(stdout).not.toContain('part-7.ndjson')
    expect(stdout).toContain('orders.ndjson')
    expect(stdout).toContain('61 objects: 1 matched, 60 unchanged')
  })

  test('shows names that would move the cursor as escapes', async () => {
    using lake = makeLake({ 'a\u001b[2Jb.ndjson': orders })
    const { stdout } = await find([lake.folder])
    expect(stdout).toContain('a\\u{1b}[2Jb.ndjson')
    expect(stdout).not.toContain('\u001b')
  })

  test('works on when its reader goes away', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}.ndjson`, orders]))
    using lake = makeLake(many)
    const run = await runLethe(['find', lake.folder, '--match', `user=${people.ada}`], {
      onStart: (child) => child.stdout?.destroy(),
    })
    expect(run).toMatchObject({ status: 0, signal: null, stderr: '' })
  })
})

describe('targets', () => {
  test.each([
    ['a file that is not there', 'none.ndjson'],
    ['a folder without objects', 'empty/'],
    ['a glob that matches nothing', '*.none'],
  ])('%s is a usage error that does not repeat it', async (_, target) => {
    using lake = makeLake({ 'empty/_SUCCESS': '', 'a.ndjson': orders })
    const run = await find([lake.path('a.ndjson'), lake.path(target)], '--json')
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: no-data: /)
    expect(run.stderr).not.toContain(lake.folder)
  })

  test('a column that no object has is a usage error, told by its place', async () => {
    using lake = makeLake({ 'a.ndjson': orders })
    const run = await runLethe(['find', lake.folder, '--match', `user=${people.bob}`, '--match', `usr=${people.ada}`])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toBe(
      'lethe: column-not-found: --match number 2 names a column that no object has; check its spelling. Nothing was changed\n',
    )
  })

  test('an id that stands where a header should is not repeated', async () => {
    using lake = makeLake({ 'a.ndjson': orders, 'ids.txt': `${people.ada}\n${people.bob}\n` })
    const run = await runLethe(['find', lake.path('a.ndjson'), '--matches', lake.path('ids.txt')])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: column-not-found: line 1 of the matches names a column that no object has/)
  })

  test('such an id is not repeated either where no object has a row', async () => {
    using lake = makeLake({ 'a.ndjson': '', 'ids.txt': `${people.ada}\n${people.bob}\n` })
    const run = await runLethe(['find', lake.path('a.ndjson'), '--matches', lake.path('ids.txt')])
    expect(run.status).toBe(0)
    expect(run.stdout).toContain('looking for 1 match\n')
  })

  test('a store that is not known is a usage error', async () => {
    const run = await find([`gopher://${people.bob}/`])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: invalid-argument: /)
  })

  test('an empty file is unchanged', async () => {
    using lake = makeLake({ 'a.ndjson': '' })
    writeFileSync(lake.path('a.ndjson'), '')
    const run = await find([lake.path('a.ndjson')], '--json')
    expect(run.status).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({ totals: { objects: 1, unchanged: 1 } })
  })
})
