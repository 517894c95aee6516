import { describe, expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../test/memory-object-store.ts'
import { type ErrorCode, LetheError } from '../domain/error.ts'
import { bind, type Predicate } from '../domain/predicate.ts'
import type { DetectableFormat } from '../formats/format.ts'
import { ndjson } from '../formats/ndjson/ndjson.ts'
import { plain } from '../formats/plain.ts'
import type { ListedObject, ObjectStore } from '../ports/object-store.ts'
import { type FindRequest, find } from './find.ts'
import { reportFinding } from './report-object.ts'

const formats = [plain(ndjson)]
const lines = (...ids: readonly (number | string)[]) => ids.map((id) => `${JSON.stringify({ id })}\n`).join('')
const idIs = (...values: readonly string[]): Predicate =>
  bind(values.map((value, position) => ({ kind: 'simple', column: 'id', value, position })))
const columnsAre = (values: Readonly<Record<string, string>>): Predicate =>
  bind([
    { kind: 'composite', values: Object.entries(values).map(([column, value]) => ({ column, value })), position: 0 },
  ])

type Request = Partial<FindRequest> & { readonly store?: ObjectStore; readonly formats?: readonly DetectableFormat[] }

/** Finds the id 1 in what a memory store holds, or as the request says otherwise. */
async function findIn(objects: Readonly<Record<string, string>>, { store, formats: known, ...request }: Request = {}) {
  const memory = makeMemoryObjectStore(objects)
  const result = await find(
    { store: store ?? memory.store, formats: known ?? formats },
    { targets: ['lake/'], predicate: idIs('1'), malformed: 'refuse', ...request },
  )
  const reports = result.findings.map(reportFinding)
  return { ...result, reports, calls: memory.calls, statuses: reports.map(({ uri, status }) => `${uri} ${status}`) }
}

/** A store in which calls about one key fail. */
function failing(
  call: 'open' | 'preflight',
  { key, code, objects }: { key: string; code: ErrorCode; objects: Readonly<Record<string, string>> },
): ObjectStore {
  const { store } = makeMemoryObjectStore(objects)
  const fail = (at: string) => at === key && Promise.reject(new LetheError(code, 'of a test'))
  return call === 'open'
    ? { ...store, open: (at, options) => fail(at) || store.open(at, options) }
    : { ...store, preflight: (at, options) => fail(at) || store.preflight(at, options) }
}

describe('find', () => {
  test('finds the rows of every object, in the order of the listing, and counts them', async () => {
    const { reports } = await findIn({ b: lines(2, 3), a: lines(1, 2, 1), 'c/d': lines(1) })
    expect(reports).toMatchObject([
      { uri: 'lake/a', status: 'matched', rows: { seen: 3, matched: 2, kept: 1 }, reason: null },
      { uri: 'lake/b', status: 'unchanged', rows: { seen: 2, matched: 0, kept: 2 } },
      { uri: 'lake/c/d', status: 'matched', rows: { seen: 1, matched: 1, kept: 0 } },
    ])
    expect(reports[0]!.bytes).toEqual({ size: 27, read: expect.any(Number), kept: 9, inserted: 0 })
    expect(reports[1]!.bytes).toMatchObject({ size: 18, kept: 18, inserted: 0 })
  })

  test('changes nothing', async () => {
    const { calls } = await findIn({ a: lines(1), b: lines(2) })
    expect(calls.filter((call) => /^(write|remove|sweep)/.test(call))).toEqual([])
  })

  test('searches an object once, however often it is named', async () => {
    const { statuses, calls } = await findIn({ a: lines(1) }, { targets: ['lake/a', 'lake/', 'lake/*'] })
    expect(statuses).toEqual(['lake/a matched'])
    expect(calls.filter((call) => call === 'open lake/a')).toHaveLength(1)
  })

  test('counts names that it passes over', async () => {
    expect((await findIn({ a: lines(1), _b: lines(1), '.c/d': lines(1), '.c/e': lines(1) })).skipped).toBe(2)
  })

  test('goes on over what it cannot read with certainty, and says why', async () => {
    const objects = {
      a: '{"id":1}\n{"id":\n',
      b: lines(1),
      c: 'PK\u0003\u0004 no rows',
      't/_delta_log/0': '',
      't/d': lines(1),
    }
    const { reports, interrupted } = await findIn(objects)
    expect(reports).toMatchObject([
      { uri: 'lake/a', status: 'refused', reason: { code: 'malformed' } },
      { uri: 'lake/b', status: 'matched' },
      { uri: 'lake/c', status: 'refused', reason: { code: 'unknown-format' } },
      { uri: 'lake/t/d', status: 'refused', reason: { code: 'table-managed' } },
    ])
    expect(interrupted).toBe(false)
    expect('rows' in reports[0]!).toBe(false)
  })

  test.each([
    ['object-missing', 'failed'],
    ['permission-denied', 'failed'],
    ['object-changed', 'failed'],
    ['io', 'failed'],
    ['unsupported', 'refused'],
  ] as const)('goes on over an object that cannot be opened for %s: %s', async (code, status) => {
    const objects = { a: lines(1), b: lines(1), c: lines(1) }
    const { reports } = await findIn({}, { store: failing('open', { key: 'lake/b', code, objects }) })
    expect(reports.map((report) => report.status)).toEqual(['matched', status, 'matched'])
    expect(reports[1]!.reason?.code).toBe(code)
  })

  test('refuses what another hard link would keep, and reads what only cannot be rewritten by this user', async () => {
    const objects = { a: lines(1) }
    const refused = await findIn({}, { store: failing('preflight', { key: 'lake/a', code: 'hard-linked', objects }) })
    expect(refused.reports).toMatchObject([{ status: 'refused', reason: { code: 'hard-linked' } }])
    const foreign = await findIn({}, { store: failing('preflight', { key: 'lake/a', code: 'not-owner', objects }) })
    expect(foreign.statuses).toEqual(['lake/a matched'])
  })

  test('tells a folder that could not be listed as failed', async () => {
    const { store } = makeMemoryObjectStore({ a: lines(1) })
    const error = new LetheError('permission-denied', 'may not be listed')
    const partly: ObjectStore = {
      ...store,
      async *list(target, options) {
        yield* store.list(target, options)
        yield { kind: 'unlisted', key: 'lake/shut', uri: 'lake/shut', error }
      },
    }
    expect((await findIn({}, { store: partly })).statuses).toEqual(['lake/a matched', 'lake/shut failed'])
  })

  test('reports progress in bytes and each finding', async () => {
    const events: string[] = []
    let bytes = 0
    await findIn(
      { a: lines(1), b: lines(2) },
      {
        onEvent: (event) => {
          if (event.kind === 'progress') bytes += event.bytes
          else events.push(event.finding.object.key)
        },
      },
    )
    expect(events).toEqual(['lake/a', 'lake/b'])
    expect(bytes).toBe(18)
  })
})

describe('a target that names nothing', () => {
  test.each([['lake/none'], ['lake/*.csv'], ['lake/_hidden/*'], ['lake/only-hidden/']])(
    'is no data: %s',
    async (target) => {
      const objects = { a: lines(1), 'only-hidden/_b': lines(1) }
      await expect(findIn(objects, { targets: ['lake/a', target] })).rejects.toMatchObject({ code: 'no-data' })
    },
  )

  test('is not what an empty object is', async () => {
    expect((await findIn({ 'a.ndjson': '' })).statuses).toEqual(['lake/a.ndjson unchanged'])
    expect((await findIn({ 'part-0': '' })).statuses).toEqual(['lake/part-0 unchanged'])
  })
})

describe('a column that no object has', () => {
  test('is an error once rows were read, which tells the place of the match and not the name', async () => {
    const predicate = bind([
      { kind: 'simple', column: 'id', value: '1', position: 0 },
      { kind: 'simple', column: 'emial', value: 'x', position: 1 },
    ])
    const failure = findIn({ a: lines(2) }, { predicate })
    await expect(failure).rejects.toMatchObject({ code: 'column-not-found', outcome: 'usage', detail: { position: 1 } })
    await expect(failure).rejects.toThrow('match 2 names a column')
    await expect(failure).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining('emial') }))
  })

  test('is none where one object has it, a folder gives it, or it differs in case', async () => {
    const predicate = columnsAre({ id: '1', day: '2' })
    expect((await findIn({ a: lines(1), b: '{"day":2}\n' }, { predicate })).statuses).toHaveLength(2)
    expect((await findIn({ 'day=2/a': lines(1) }, { predicate })).statuses).toEqual(['lake/day=2/a matched'])
    expect((await findIn({ a: '{"ID":1,"Day":2}\n' }, { predicate })).statuses).toEqual(['lake/a matched'])
  })

  test('is not asked for where no row was read', async () => {
    const predicate = columnsAre({ other: '1' })
    expect((await findIn({ 'a.ndjson': '' }, { predicate })).statuses).toEqual(['lake/a.ndjson unchanged'])
    expect((await findIn({ 'a.ndjson': '{"id":' }, { predicate })).statuses).toEqual(['lake/a.ndjson refused'])
  })
})

describe('partition folders', () => {
  test('are columns of every row, percent-decoded, and the name that a match hits still tells', async () => {
    const { reports } = await findIn({
      'id=1/a': lines('x', 'y').replaceAll('id', 'n'),
      'id=%31/b': '{"n":1}\n',
      'id=2/c': '{"n":1}\n',
    })
    expect(reports).toMatchObject([
      {
        uri: 'lake/id=%31/b',
        status: 'matched',
        rows: { matched: 1 },
        warnings: [{ code: 'name-still-tells', count: 1 }],
      },
      {
        uri: 'lake/id=1/a',
        status: 'matched',
        rows: { matched: 2 },
        warnings: [{ code: 'name-still-tells', count: 2 }],
      },
      { uri: 'lake/id=2/c', status: 'unchanged', warnings: [] },
    ])
  })

  test('take part in composites', async () => {
    const objects = { 'day=1/a': lines(1, 2), 'day=2/a': lines(1, 2) }
    const { reports } = await findIn(objects, { predicate: columnsAre({ id: '1', day: '2' }) })
    expect(reports.map(({ rows }) => rows?.matched)).toEqual([0, 1])
  })

  test('give way to the column of the file, and are null by the name that hive has for it', async () => {
    expect((await findIn({ 'id=1/a': lines(2) })).statuses).toEqual(['lake/id=1/a unchanged'])
    const objects = { 'id=__HIVE_DEFAULT_PARTITION__/a': '{"n":1}\n' }
    const { statuses } = await findIn(objects, { predicate: idIs('__HIVE_DEFAULT_PARTITION__') })
    expect(statuses).toEqual(['lake/id=__HIVE_DEFAULT_PARTITION__/a unchanged'])
  })

  test('above a link count as well, and refuse the object where they say another thing', async () => {
    const { store } = makeMemoryObjectStore({ 'id=2/a': '{"n":1}\n' })
    const linkedAs = (linkPath: string): ObjectStore => ({
      ...store,
      async *list() {
        const object: ListedObject = { kind: 'object', key: 'lake/id=2/a', uri: linkPath, size: 8, linkPath }
        yield object
      },
    })
    const predicate = columnsAre({ id: '2', day: '3' })
    expect((await findIn({}, { store: linkedAs('lake/day=3/a'), predicate })).statuses).toEqual([
      'lake/day=3/a matched',
    ])
    const { reports } = await findIn({}, { store: linkedAs('lake/id=1/a') })
    expect(reports).toMatchObject([{ status: 'refused', reason: { code: 'ambiguous-column' } }])
  })
})

test('a match that hits more than 1,000 rows and 1 % of those seen blows its fuse', async () => {
  const many = lines(...Array.from({ length: 1001 }, () => 1))
  const { fuses } = await findIn({ a: many, b: lines(2, 2) }, { predicate: idIs('2', '1') })
  expect(fuses).toEqual([{ position: 1, of: 'rows', hit: 1001, seen: 1003 }])
  expect((await findIn({ a: many.slice(9), b: lines(2, 2) })).fuses).toEqual([])
  const others = lines(...Array.from({ length: 100_000 }, (_, index) => index + 2))
  expect((await findIn({ a: many, b: others })).fuses).toEqual([])
})

describe('an interrupt', () => {
  test('ends the search with what was finished, and is no usage error', async () => {
    const interrupt = new AbortController()
    const { store } = makeMemoryObjectStore({ a: lines(1), b: lines(1), c: lines(1) })
    const interrupting: ObjectStore = {
      ...store,
      open: (key, options) => {
        if (key === 'lake/b') interrupt.abort()
        return store.open(key, options)
      },
    }
    const request = {
      store: interrupting,
      signal: interrupt.signal,
      concurrency: 1,
      predicate: columnsAre({ id: '1', x: '1' }),
    }
    const { statuses, interrupted } = await findIn({}, request)
    expect(interrupted).toBe(true)
    expect(statuses).toEqual(['lake/a unchanged'])
  })

  test('before the search leaves nothing to report', async () => {
    const { findings, interrupted } = await findIn({ a: lines(1) }, { signal: AbortSignal.abort() })
    expect({ findings, interrupted }).toEqual({ findings: [], interrupted: true })
  })
})
