import { chmodSync, linkSync, mkdirSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lines, makeLake, people, runLethe } from './run-lethe.ts'

const { ada } = people
const person = `{"user":"${ada}","n":1}\n`
/** Kept rows that a parser would change if it printed them again. */
const odd = '  {"b":1.0,"a":9007199254740993,"a":"\\u0076"}\r\n\n{"n":1E2,"user":null}'
const mixed = `\ufeff${person}${odd.slice(0, -5)}1234}\n${person}{"user":"last"}`
const kept = mixed.replaceAll(person, '')

interface Report {
  readonly objects: readonly {
    readonly uri: string
    readonly status: string
    readonly bytes?: Record<string, number>
  }[]
  readonly totals: Record<string, number>
}

function erase(lake: { folder: string; path(name: string): string }, ...args: string[]) {
  return runLethe(['erase', lake.path('lake'), '--matches', lake.path('ids.csv'), ...args])
}

function makeLakeAndIds(files: Record<string, string>) {
  const below = Object.entries(files).map(([name, content]): [string, string] => [`lake/${name}`, content])
  return makeLake({ 'ids.csv': `user\n${ada}\n`, ...Object.fromEntries(below) })
}

const statusesOf = (stdout: string) => (JSON.parse(stdout) as Report).objects.map(({ status }) => status)

describe('erase --yes', () => {
  test('leaves every other byte as it is, and no object that has no match touched', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed, 'sub/b.ndjson': person + person, 'c.ndjson': odd })
    const identity = () => {
      const { ino, mtimeNs, ctimeNs } = statSync(lake.path('lake/c.ndjson'), { bigint: true })
      return { ino, mtimeNs, ctimeNs }
    }
    const untouched = identity()
    const run = await erase(lake, '--yes', '--json')
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(lake.contents()).toEqual({
      'ids.csv': expect.any(String) as string,
      'lake/a.ndjson': kept,
      'lake/c.ndjson': odd,
      'lake/sub/b.ndjson': '',
    })
    expect(identity()).toEqual(untouched)

    const { objects, totals } = JSON.parse(run.stdout) as Report
    expect(objects.map(({ status }) => status)).toEqual(['erased', 'unchanged', 'erased'])
    expect(objects[0]?.bytes).toMatchObject({ size: Buffer.byteLength(mixed), kept: Buffer.byteLength(kept) })
    expect(totals).toMatchObject({ objects: 3, erased: 2, unchanged: 1, rows: { matched: 4 } })
  })

  test('finds nothing the second time', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed })
    await erase(lake, '--yes')
    const again = await erase(lake, '--yes', '--json')
    expect(again.status).toBe(0)
    expect(statusesOf(again.stdout)).toEqual(['unchanged'])
    expect(lake.contents()['lake/a.ndjson']).toBe(kept)
  })

  test('prints for people what was done', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed })
    const { stdout } = await erase(lake, '--yes')
    expect(stdout).toMatch(/^erased +6 +2 .*a\.ndjson$/m)
    expect(stdout).toContain('1 object: 1 erased\n6 rows: 2 matched, 4 kept\n')
  })

  test('keeps an emptied object by default and removes it with --empty remove', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': person })
    await erase(lake, '--yes')
    expect(lake.contents()['lake/a.ndjson']).toBe('')

    using other = makeLakeAndIds({ 'a.ndjson': person, 'b.ndjson': mixed })
    const run = await erase(other, '--yes', '--empty', 'remove', '--json')
    expect(statusesOf(run.stdout)).toEqual(['erased', 'erased'])
    expect(Object.keys(other.contents())).toEqual(['ids.csv', 'lake/b.ndjson'])
  })

  test('refuses a broken object, erases the others and exits 3', async () => {
    const broken = `${person}{"user":"${ada}"\n`
    using lake = makeLakeAndIds({ 'a.ndjson': broken, 'b.ndjson': mixed })
    const run = await erase(lake, '--yes', '--json')
    expect(run.status).toBe(3)
    expect(statusesOf(run.stdout)).toEqual(['refused', 'erased'])
    expect(lake.contents()).toMatchObject({ 'lake/a.ndjson': broken, 'lake/b.ndjson': kept })
  })

  test('--malformed keep keeps broken rows byte for byte and counts them', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': `${person}{"user":\n${person}` })
    const run = await erase(lake, '--yes', '--json', '--malformed', 'keep')
    expect(run.status).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({
      objects: [{ status: 'erased', warnings: [{ code: 'malformed-kept', count: 1 }] }],
    })
    expect(lake.contents()['lake/a.ndjson']).toBe('{"user":\n')
  })

  test('refuses a file with another name, which would keep the rows', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed })
    linkSync(lake.path('lake/a.ndjson'), lake.path('other'))
    const run = await erase(lake, '--yes', '--json')
    expect(run.status).toBe(3)
    expect(JSON.parse(run.stdout)).toMatchObject({ objects: [{ status: 'refused', reason: { code: 'hard-linked' } }] })
    expect(lake.contents()['lake/a.ndjson']).toBe(mixed)
  })

  test('refuses what a table format keeps account of', async () => {
    using lake = makeLakeAndIds({ 'table/year=1/a.ndjson': mixed, 'b.ndjson': mixed })
    mkdirSync(lake.path('lake/table/_delta_log'))
    const run = await erase(lake, '--yes', '--json')
    expect(run.status).toBe(3)
    expect(statusesOf(run.stdout)).toEqual(['erased', 'refused'])
    expect(lake.contents()).toMatchObject({ 'lake/table/year=1/a.ndjson': mixed, 'lake/b.ndjson': kept })
  })

  test('keeps the mode of a file', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed })
    chmodSync(lake.path('lake/a.ndjson'), 0o604)
    await erase(lake, '--yes')
    expect(statSync(lake.path('lake/a.ndjson')).mode & 0o777).toBe(0o604)
  })

  test('names a misspelt column before it writes', async () => {
    using lake = makeLake({ 'lake/a.ndjson': mixed, 'ids.csv': `user,usr\n${ada},1\n` })
    const run = await erase(lake, '--yes', '--json')
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(run.stderr).toMatch(/^lethe: column-not-found: line 1 of the matches/)
    expect(lake.contents()['lake/a.ndjson']).toBe(mixed)
  })

  test('does not call a folder erased whose name tells', async () => {
    using lake = makeLake({ 'lake/user=4711/a.ndjson': lines({ n: 1 }, { n: 2 }), 'ids.csv': 'user\n4711\n' })
    const run = await erase(lake, '--yes')
    expect(run.status).toBe(0)
    expect(lake.contents()['lake/user=4711/a.ndjson']).toBe('')
    expect(run.stdout).toMatch(/^rows gone +2 +2 .*user=4711\/a\.ndjson$/m)
    expect(run.stdout).toMatch(/warning: the object's name, or a folder's, tells a value .* names are not changed/)
  })
})

describe('erase --dry-run', () => {
  test('needs neither terminal nor --yes, tells what would be done and changes nothing', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed, 'b.ndjson': odd })
    const before = lake.contents()
    const run = await erase(lake, '--dry-run', '--json')
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(statusesOf(run.stdout)).toEqual(['matched', 'unchanged'])
    expect(JSON.parse(run.stdout)).toMatchObject({
      totals: { matched: 1, erased: 0, bytes: { kept: Buffer.byteLength(kept) + Buffer.byteLength(odd), inserted: 0 } },
    })
    expect(lake.contents()).toEqual(before)
  })

  test('wins over --yes', async () => {
    using lake = makeLakeAndIds({ 'a.ndjson': mixed })
    await erase(lake, '--dry-run', '--yes')
    expect(lake.contents()['lake/a.ndjson']).toBe(mixed)
  })
})
