import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { readFile as readAvro, writeFile as writeAvro } from '../avro/container-file.ts'
import { query, quoted } from '../parquet/readers.ts'
import { documentOf, type ReportedRun } from './law-lake.ts'
import { lines, makeLake, type RunOptions, runLethe } from './run-lethe.ts'

const row = '{"who":"anna-4711"}\n'
const other = '{"who":"other"}\n'
const who = ['--match', 'who=anna-4711']

async function report(command: string, args: readonly string[], options: RunOptions = {}): Promise<ReportedRun> {
  return documentOf(await runLethe([command, ...args, ...(command === 'erase' ? ['--yes'] : []), '--json'], options))
}

describe('targets', () => {
  test('a file, a folder, a glob, a link; the same object once; hidden names counted', async () => {
    using files = makeLake({
      'a.ndjson': row,
      'sub/b.ndjson': row,
      'sub/deep/c.csv': 'who,n\nanna-4711,1\n',
      'sub/_x/d.ndjson': row,
      'sub/.x/e.ndjson': row,
      'sub/_f.ndjson': row,
      'odd/ü [1] {a}.ndjson': row,
    })
    symlinkSync(files.path('a.ndjson'), files.path('link.ndjson'))
    const count = async (targets: readonly string[], options: RunOptions = {}) => {
      const { objects, totals } = await report('find', [...targets, ...who], options)
      return [objects.length, totals.rows['matched'], totals['skipped']]
    }
    const at = files.path
    expect(await count([at('a.ndjson')])).toEqual([1, 1, 0])
    expect(await count([files.folder])).toEqual([4, 4, 3])
    expect(
      await count([at('a.ndjson'), files.folder, at('link.ndjson'), at('*.ndjson'), 'a.ndjson'], { cwd: files.folder }),
    ).toEqual([4, 4, 3])
    expect(await count([at('**/*.ndjson')])).toEqual([3, 3, 3])
    expect(await count([at('sub/*/*')])).toEqual([1, 1, 2])
    expect(await count([at('odd/ü [1] {a}.ndjson')])).toEqual([1, 1, 0])
    expect(await count([at('sub/_f.ndjson')])).toEqual([1, 1, 0])
    expect(await count(['sub'], { cwd: files.folder })).toEqual([2, 2, 3])
    expect(await count(['.'], { cwd: at('sub/deep') })).toEqual([1, 1, 0])
  })

  test.each([
    ['an empty folder', ['empty']],
    ['a folder of hidden names', ['hidden']],
    ['a glob that matches nothing', ['*.parquet']],
    ['a file that is not there', ['missing.ndjson']],
    ['one of two', ['a.ndjson', 'empty']],
  ])('%s: no data, exit 2', async (_, names) => {
    using files = makeLake({ 'a.ndjson': row, 'empty/x/_y': '', 'hidden/_a.ndjson': row })
    const run = await runLethe(['find', ...names.map(files.path), ...who, '--json'])
    expect(run).toMatchObject({ status: 2, stdout: '' })
  })

  test('a symbolic link is followed and survives', async () => {
    using files = makeLake({ 'real/a.ndjson': row + other, 'links/keep': '' })
    symlinkSync('../real/a.ndjson', files.path('links/a.ndjson'))
    const { objects } = await report('erase', [files.path('links/a.ndjson'), ...who])
    expect(objects).toMatchObject([{ status: 'erased' }])
    expect(readlinkSync(files.path('links/a.ndjson'))).toBe('../real/a.ndjson')
    expect(lstatSync(files.path('real/a.ndjson')).isFile()).toBe(true)
    expect(readFileSync(files.path('real/a.ndjson'), 'utf8')).toBe(other)
  })

  test('formats are told by content, then by name', async () => {
    using files = makeLake({
      'parquet.csv': new Uint8Array(
        parquetWriteBuffer({ columnData: [{ name: 'who', data: ['anna-4711'], type: 'STRING' }] }),
      ),
      'ndjson.csv': row,
      'ndjson.bin': row,
      ndjson: gzipSync(row),
      'avro.json': await writeAvro({ type: 'record', name: 'R', fields: [{ name: 'who', type: 'string' }] }, [
        { who: 'anna-4711' },
      ]),
    })
    const { totals } = await report('find', [files.folder, ...who])
    expect(totals).toMatchObject({ objects: 5, matched: 5 })
  })
})

describe('partition folders are those above the object, wherever the run stands', () => {
  test.each<[string, string, (folder: string) => string]>([
    ['an absolute target', '.', (folder) => `${folder}/day=1/a.ndjson`],
    ['a relative one', '.', () => 'day=1'],
    ['from within the folder', 'day=1', () => '.'],
    ['from within the folder, a file', 'day=1', () => 'a.ndjson'],
    ['from deeper', 'day=1/x', () => '..'],
  ])('%s', async (_, cwd, target) => {
    using files = makeLake({ 'day=1/a.ndjson': row, 'day=1/x/b.ndjson': row })
    const run = await report('find', [target(files.folder), '--match', 'day=1'], { cwd: files.path(cwd) })
    expect(run.objects.every(({ status }) => status === 'matched')).toBe(true)
  })
})

describe('a table is looked for above the target too', () => {
  test.each(['_delta_log/x', '.hoodie/x', 'metadata/00001-a.metadata.json', '_metadata'])('%s', async (marker) => {
    using files = makeLake({ [marker]: '{}', 'data/day=1/a.ndjson': row, 'data/day=1/b.csv': 'who,n\nanna-4711,1\n' })
    const whole = await report('erase', [files.path('data/day=1/a.ndjson'), ...who])
    expect(whole.objects).toMatchObject([{ status: 'refused', reason: { code: 'table-managed' } }])
    const inside = await report('erase', ['.', ...who], { cwd: files.path('data/day=1') })
    expect(inside.totals).toMatchObject({ objects: 2, refused: 2 })
    expect(readFileSync(files.path('data/day=1/a.ndjson'), 'utf8')).toBe(row)
  })
})

describe('a replaced file', () => {
  test('keeps mode and owner, is modified now, and takes its Hadoop checksum along', async () => {
    using files = makeLake({
      'a.ndjson': row + other,
      '.a.ndjson.crc': 'x',
      'b.ndjson': other,
      '.b.ndjson.crc': 'x',
      'c.ndjson': row,
      '.c.ndjson.crc': 'x',
    })
    const path = files.path('a.ndjson')
    chmodSync(path, 0o440)
    const isRoot = process.geteuid!() === 0
    if (isRoot) chownSync(path, 65534, 65534)
    utimesSync(path, 1, 1)
    const start = Date.now()
    const { totals } = await report('erase', [files.folder, ...who, '--empty', 'remove'])
    expect(totals).toMatchObject({ erased: 2, unchanged: 1 })
    const { mode, uid, mtimeMs } = statSync(path)
    expect(mode & 0o7777).toBe(0o440)
    if (isRoot) expect(uid).toBe(65534)
    expect(mtimeMs).toBeGreaterThanOrEqual(start - 2000)
    expect(Object.keys(files.contents()).sort()).toEqual(['.b.ndjson.crc', 'a.ndjson', 'b.ndjson'])
  })

  test('has no other name: a hard-linked one is refused', async () => {
    using files = makeLake({ 'a.ndjson': row, 'x/keep': '' })
    linkSync(files.path('a.ndjson'), files.path('x/b.ndjson'))
    for (const command of ['find', 'erase']) {
      const { objects } = await report(command, [files.path('a.ndjson'), ...who])
      expect(objects).toMatchObject([{ status: 'refused', reason: { code: 'hard-linked' } }])
    }
    expect(readFileSync(files.path('a.ndjson'), 'utf8')).toBe(row)
  })

  test('that loses all rows stays, valid and empty', async () => {
    using files = makeLake({
      'a.ndjson': row,
      'b.csv': 'who,n\nanna-4711,1\n',
      'c.parquet': new Uint8Array(
        parquetWriteBuffer({ columnData: [{ name: 'who', data: ['anna-4711'], type: 'STRING' }] }),
      ),
      'd.avro': await writeAvro({ type: 'record', name: 'R', fields: [{ name: 'who', type: 'string' }] }, [
        { who: 'anna-4711' },
      ]),
      'e.ndjson.gz': gzipSync(row),
    })
    const { totals } = await report('erase', [files.folder, ...who])
    expect(totals).toMatchObject({ erased: 5, rows: { seen: 5, matched: 5, kept: 0 } })
    expect(readFileSync(files.path('a.ndjson'), 'utf8')).toBe('')
    expect(readFileSync(files.path('b.csv'), 'utf8')).toBe('who,n\n')
    const parquet = quoted(files.path('c.parquet'))
    expect(await query(`SELECT who FROM read_parquet(${parquet})`)).toEqual([])
    expect(await query(`SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet(${parquet}))`)).toEqual([
      ['who', 'VARCHAR'],
    ])
    expect(await readAvro(readFileSync(files.path('d.avro')))).toEqual([])
    expect(gunzipSync(readFileSync(files.path('e.ndjson.gz'))).length).toBe(0)
    const again = await report('erase', [files.folder, ...who])
    expect(again.totals).toMatchObject({ unchanged: 5, rows: { seen: 0 } })
  })
})

describe('the fuse', () => {
  test.each([
    ['1,001 of 1,001 rows', 1001, 0, true],
    ['1,000 of 1,000 rows', 1000, 0, false],
    ['1,001 of 100,100 rows', 1001, 99_099, false],
    ['1,001 of 100,099 rows', 1001, 99_098, true],
  ])('%s', async (_, hits, others, warns) => {
    using files = makeLake({ 'a.ndjson': '{"who":"0"}\n'.repeat(hits) + '{"who":"1"}\n'.repeat(others) })
    const run = await runLethe(['find', files.folder, '--match', 'who=0'])
    expect(run.status).toBe(0)
    expect(/sentinel|%/.test(run.stderr + run.stdout)).toBe(warns)
  })
})

describe('erase', () => {
  test('without a terminal and without --yes: exit 2, nothing written', async () => {
    using files = makeLake({ 'a.ndjson': row })
    for (const args of [[], ['--json']]) {
      const run = await runLethe(['erase', files.folder, ...who, ...args], { detached: true })
      expect(run).toMatchObject({ status: 2, stdout: '' })
    }
    expect(files.contents()).toEqual({ 'a.ndjson': row })
  })

  test('exits 0 where nothing was found, 3 where an object was refused', async () => {
    using files = makeLake({ 'a.ndjson': other })
    expect(await runLethe(['erase', files.folder, ...who, '--yes'])).toMatchObject({ status: 0 })
    using damaged = makeLake({ 'a.ndjson': row, 'b.ndjson': '{"who":\n' })
    expect(await runLethe(['erase', damaged.folder, ...who, '--yes'])).toMatchObject({ status: 3 })
    expect(damaged.contents()['a.ndjson']).toBe('')
  })

  test('does not say erased of a name that still tells', async () => {
    using files = makeLake({ 'who=anna-4711/a.ndjson': lines({ v: 1 }) })
    const run = await runLethe(['erase', files.folder, ...who, '--yes'])
    expect(run.status).toBe(0)
    expect(run.stdout).not.toMatch(/\berased +1\b.*who=/)
    expect(run.stdout).toMatch(/warning/)
  })
})
