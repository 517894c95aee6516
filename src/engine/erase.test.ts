import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MemoryObjectStore, makeMemoryObjectStore } from '../../test/memory-object-store.ts'
import { LetheError } from '../domain/error.ts'
import { bind, type Predicate } from '../domain/predicate.ts'
import { makeEdit } from '../formats/edit.ts'
import type { DetectableFormat } from '../formats/format.ts'
import { ndjson } from '../formats/ndjson/ndjson.ts'
import { plain } from '../formats/plain.ts'
import type { ObjectStore } from '../ports/object-store.ts'
import { type EraseRequest, erase } from './erase.ts'
import type { EraseStep } from './erase-object.ts'
import { find } from './find.ts'

const lineFormat = plain(ndjson)
const line = (id: number | string) => `${JSON.stringify({ id })}\n`
const lines = (...ids: readonly (number | string)[]) => ids.map(line).join('')
const idIs = (...values: readonly string[]): Predicate =>
  bind(values.map((value, position) => ({ kind: 'simple', column: 'id', value, position })))

interface Run extends Partial<Omit<EraseRequest, 'found'>> {
  readonly predicate?: Predicate
  readonly formats?: readonly DetectableFormat[]
  /** What happens between the find and the erase. */
  readonly between?: () => Promise<unknown>
  /** The store that the erase works on; the find works on the memory store. */
  readonly store?: ObjectStore
}

/** Finds and erases the id 1. */
async function run(
  memory: MemoryObjectStore,
  { predicate = idIs('1'), formats = [lineFormat], between, store = memory.store, ...request }: Run = {},
) {
  const found = await find({ store: memory.store, formats }, { targets: ['lake/'], predicate, malformed: 'refuse' })
  await between?.()
  const { reports, interrupted } = await erase({ store, formats }, { found, empty: 'keep', dryRun: false, ...request })
  return { found, reports, interrupted, statuses: reports.map(({ uri, status }) => `${uri} ${status}`) }
}

/** The store, but that `before` is called and waited for before each of its calls and each read; it may reject. */
function intercepted(store: ObjectStore, before: (call: string) => void | Promise<void>): ObjectStore {
  return {
    ...store,
    async preflight(key, options) {
      await before('preflight')
      return await store.preflight(key, options)
    },
    async open(key, options) {
      await before('open')
      const opened = await store.open(key, options)
      return {
        ...opened,
        async read(start, end, readOptions) {
          await before('read')
          return await opened.read(start, end, readOptions)
        },
      }
    },
    async write(key, request, options) {
      await before('write')
      return await store.write(key, request, options)
    },
    async remove(key, condition, options) {
      await before('remove')
      await store.remove(key, condition, options)
    },
  }
}

describe('erase', () => {
  test('leaves the matching rows out and every other byte as it was', async () => {
    const memory = makeMemoryObjectStore({ a: ` {"id": 1}\r\n{"id":1.00e0}\n{ "id" :2 }\n\n{"id":"1"}`, b: lines(2) })
    const { reports } = await run(memory)
    expect(memory.text('a')).toBe('{ "id" :2 }\n\n')
    expect(reports).toMatchObject([
      { uri: 'lake/a', status: 'erased', reason: null, rows: { seen: 5, matched: 3, kept: 2 } },
      { uri: 'lake/b', status: 'unchanged' },
    ])
    const { kept, inserted } = reports[0]!.bytes!
    expect(kept + inserted).toBe((await memory.get('a'))!.length)
  })

  test('touches no object without matching rows', async () => {
    const memory = makeMemoryObjectStore({ a: lines(2), b: '{"id":1', c: lines(1) })
    await run(memory)
    expect(memory.calls.filter((call) => /^(write|remove) /.test(call))).toEqual(['write lake/c'])
  })

  test('looks before it writes, and at what it wrote', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const calls: string[] = []
    await run(memory, { store: intercepted(memory.store, (call) => void calls.push(call)) })
    expect(calls).toEqual(['preflight', 'open', ...calls.slice(2, -3), 'write', 'read', 'open'])
    expect(new Set(calls.slice(2, -3))).toEqual(new Set(['read']))
  })

  test('again finds nothing to do', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2), b: lines(1) })
    await run(memory)
    const before = memory.calls.length
    expect((await run(memory)).statuses).toEqual(['lake/a unchanged', 'lake/b unchanged'])
    expect(memory.calls.slice(before).filter((call) => call.startsWith('write'))).toEqual([])
  })

  test('as a dry run verifies the edit and writes nothing', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { reports } = await run(memory, { dryRun: true, empty: 'remove' })
    expect(reports).toMatchObject([
      { status: 'matched', rows: { seen: 2, matched: 1 }, bytes: { kept: 9, inserted: 0 } },
    ])
    expect(memory.text('a')).toBe(lines(1, 2))
  })

  test('leaves an object that loses all rows as an empty one, or removes it', async () => {
    const kept = makeMemoryObjectStore({ a: lines(1, 1), b: lines(2) })
    expect((await run(kept)).statuses).toEqual(['lake/a erased', 'lake/b unchanged'])
    expect(kept.text('a')).toBe('')
    const removed = makeMemoryObjectStore({ a: lines(1, 1), b: lines(1, 2) })
    const { reports } = await run(removed, { empty: 'remove' })
    expect(reports[0]).toMatchObject({ status: 'erased', bytes: { size: 18, kept: 0, inserted: 0 } })
    expect(await removed.names()).toEqual(['b'])
    expect(removed.text('b')).toBe(lines(2))
  })

  test('reports each object as it is done', async () => {
    const reported: string[] = []
    const memory = makeMemoryObjectStore({ a: lines(1), b: lines(2) })
    await run(memory, { onReport: ({ uri, status }) => reported.push(`${uri} ${status}`) })
    expect(reported).toEqual(['lake/a erased', 'lake/b unchanged'])
  })
})

describe('an object that changed after it was found', () => {
  test('is searched again: new rows stay, new rows of the person go', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { reports } = await run(memory, { between: () => memory.put('a', Buffer.from(lines(3, 1, 1, 4))) })
    expect(memory.text('a')).toBe(lines(3, 4))
    expect(reports).toMatchObject([{ status: 'erased', rows: { seen: 4, matched: 2 } }])
  })

  test('and has no matching row any more is unchanged', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { statuses } = await run(memory, { between: () => memory.put('a', Buffer.from(lines(2))) })
    expect(statuses).toEqual(['lake/a unchanged'])
    expect(memory.text('a')).toBe(lines(2))
  })

  test('into another format, or into none, is not taken for what it was', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { reports } = await run(memory, { between: () => memory.put('a', Buffer.from('PK\u0003\u0004 {"id":1}\n')) })
    expect(reports).toMatchObject([{ status: 'refused', reason: { code: 'unknown-format' } }])
    expect(memory.text('a')).toBe('PK\u0003\u0004 {"id":1}\n')
  })

  test('is warned about as a found one is', async () => {
    const memory = makeMemoryObjectStore({ 'id=1/a': lines(1) })
    const { reports } = await run(memory, { between: () => memory.put('id=1/a', Buffer.from(lines(1, 2))) })
    expect(reports).toMatchObject([{ status: 'erased', warnings: [{ code: 'name-still-tells', count: 1 }] }])
  })

  test('and is gone is failed', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2), b: lines(1) })
    const { reports } = await run(memory, { between: () => memory.delete('a') })
    expect(reports).toMatchObject([{ status: 'failed', reason: { code: 'object-missing' } }, { status: 'erased' }])
    expect(await memory.names()).toEqual(['b'])
  })

  test('again and again is contended, and what was written last stays', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    let changes = 0
    const store = intercepted(memory.store, async (call) => {
      if (call === 'write') await memory.put('a', Buffer.from(lines(1, 100 + changes++)))
    })
    const { reports } = await run(memory, { store })
    expect(reports).toMatchObject([{ status: 'failed', reason: { code: 'contended' } }])
    expect(memory.text('a')).toBe(lines(1, 102))
  })
})

describe('an object that another writer replaces right after the write', () => {
  /** A store in which someone puts their rows over the first write. */
  function replacing(memory: MemoryObjectStore, theirs: string): ObjectStore {
    let isDone = false
    return {
      ...memory.store,
      async write(key, request, options) {
        const version = await memory.store.write(key, request, options)
        if (!isDone) await memory.put(key.slice('lake/'.length), Buffer.from(theirs))
        isDone = true
        return version
      },
    }
  }

  test('is erased from again where their version has matching rows', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { reports } = await run(memory, { store: replacing(memory, lines(1, 1, 5)) })
    expect(reports).toMatchObject([{ status: 'erased', rows: { seen: 3, matched: 2 } }])
    expect(memory.text('a')).toBe(lines(5))
  })

  test('is erased, as it was, where it has none', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { reports } = await run(memory, { store: replacing(memory, lines(5)) })
    expect(reports).toMatchObject([{ status: 'erased', rows: { seen: 2, matched: 1 } }])
    expect(memory.text('a')).toBe(lines(5))
  })
})

describe('an edit that cannot be trusted is not written', () => {
  const liars: Record<string, DetectableFormat> = {
    'of which the format says so itself': {
      ...lineFormat,
      verify: () => Promise.reject(new LetheError('not-verified', 'of a test')),
    },
    'that erases other rows than were found': {
      ...lineFormat,
      async erase(source, { found, spool }) {
        const pieces = [{ from: 'source' as const, start: 0, end: 9 }]
        return makeEdit(pieces, { spool, rowsBefore: found.rowsSeen, rowsErased: found.rows.size + source.size * 0 })
      },
    },
    'whose counts are not those of what was found': {
      ...lineFormat,
      async erase(source, request) {
        const edit = await lineFormat.erase(source, request)
        return { ...edit, summary: { ...edit.summary, rowsErased: 0 } }
      },
      verify: () => Promise.resolve(),
    },
    'whose size is not that of its pieces': {
      ...lineFormat,
      async erase(source, request) {
        const edit = await lineFormat.erase(source, request)
        return { ...edit, size: edit.size + 1 }
      },
      verify: () => Promise.resolve(),
    },
  }

  test.each(Object.entries(liars))('%s', async (_, format) => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const { reports } = await run(memory, { formats: [format] })
    expect(reports).toMatchObject([{ status: 'refused', reason: { code: 'not-verified' } }])
    expect(memory.text('a')).toBe(lines(1, 2))
  })
})

describe('an interrupt', () => {
  test('leaves every object old or new, and tells which', async () => {
    const names = ['a', 'b', 'c', 'd']
    for (let call = 1, done = false; !done; call += 1) {
      const memory = makeMemoryObjectStore(Object.fromEntries(names.map((name) => [name, lines(1, 2)])))
      const interrupt = new AbortController()
      let calls = 0
      const store = intercepted(memory.store, () => {
        calls += 1
        if (calls === call) interrupt.abort()
      })
      const { reports, interrupted } = await run(memory, { store, signal: interrupt.signal })
      done = !interrupt.signal.aborted
      for (const [index, name] of names.entries()) {
        const isErased = reports[index]!.status === 'erased'
        expect(memory.text(name), `call ${call}`).toBe(isErased ? lines(2) : lines(1, 2))
        if (!isErased) expect(reports[index]).toMatchObject({ status: 'matched', reason: null })
      }
      const areAllErased = reports.every(({ status }) => status === 'erased')
      if (!areAllErased) expect(interrupted).toBe(true)
    }
  })

  test('of the find leaves all that was found as it is', async () => {
    const memory = makeMemoryObjectStore({ a: lines(1) })
    const { found } = await run(memory, { dryRun: true })
    const request = { found: { ...found, interrupted: true }, empty: 'keep', dryRun: false } as const
    const { reports, interrupted } = await erase({ store: memory.store, formats: [lineFormat] }, request)
    expect(interrupted).toBe(true)
    expect(reports).toMatchObject([{ status: 'matched' }])
    expect(memory.text('a')).toBe(lines(1))
  })
})

describe('whatever happens to an object at any call of the erase', () => {
  const content = lines(1, 2, 1, 3)

  test.each([
    ['io', 'failed'],
    ['no-space', 'failed'],
    ['permission-denied', 'failed'],
    ['not-owner', 'refused'],
  ] as const)('an error (%s) leaves it and is told: %s; the next object is erased', async (code, status) => {
    for (let fault = 1, done = false; !done; fault += 1) {
      const memory = makeMemoryObjectStore({ a: content, b: content })
      let calls = 0
      let failed: string | undefined
      const store = intercepted(memory.store, (call) => {
        calls += 1
        if (calls !== fault) return
        failed = call
        throw new LetheError(code, 'of a test')
      })
      const { reports } = await run(memory, { store, concurrency: 1 })
      done = failed === undefined
      const isNew = memory.text('a') === lines(2, 3)
      expect(isNew || memory.text('a') === content, failed).toBe(true)
      const isOfA = reports[0]!.status !== 'erased'
      if (isOfA) expect(reports[0]).toMatchObject({ status, reason: { code } })
      else expect(isNew).toBe(true)
      if (isOfA || done) expect(memory.text('b')).toBe(lines(2, 3))
    }
  })

  test('another writer keeps their rows, but for those of the person, and no row comes back', async () => {
    for (const theirs of [lines(7, 1, 8), lines(7, 8)]) {
      for (let at = 1, done = false; !done; at += 1) {
        const memory = makeMemoryObjectStore({ a: content })
        let calls = 0
        const store = intercepted(memory.store, async () => {
          calls += 1
          if (calls === at) await memory.put('a', Buffer.from(theirs))
        })
        const { statuses } = await run(memory, { store })
        done = calls < at
        // The last look sees their version, which has been searched by nobody yet: it is searched.
        expect(memory.text('a'), `at call ${at}`).toBe(done ? lines(2, 3) : lines(7, 8))
        expect(statuses[0]).toMatch(done || theirs.includes('1}') ? /erased$/ : /(erased|unchanged)$/)
      }
    }
  })

  test('its removal is told, and nothing is made in its place', async () => {
    for (let at = 1, done = false; !done; at += 1) {
      const memory = makeMemoryObjectStore({ a: content })
      let calls = 0
      const store = intercepted(memory.store, async () => {
        calls += 1
        if (calls === at) await memory.delete('a')
      })
      const { reports } = await run(memory, { store })
      done = calls < at
      if (done) break
      expect(await memory.names(), `at call ${at}`).toEqual([])
      expect(reports).toMatchObject([{ status: 'failed', reason: { code: 'object-missing' } }])
    }
  })
})

describe('laws', () => {
  const ids = fc.constantFrom<number | string>(0, 1, 2, 10, '', '1', 'x', 'a"b', 'ü')
  const content = fc.array(fc.oneof(ids.map(line), fc.constantFrom('\n', '7\n', '{"other":1}\n', '{"id":null}\n')), {
    maxLength: 12,
  })
  const object = content.map((parts) => parts.join(''))
  const texts = fc.uniqueArray(fc.constantFrom('0', '1', '2', '10', '', 'x', 'a"b', 'ü', 'none'), { maxLength: 4 })

  /** What stays, by a filter that shares nothing with us; exact for these lines. */
  const filtered = (text: string, values: readonly string[]) =>
    text
      .split(/(?<=\n)/)
      .filter((part) => {
        const value: unknown = part.trim() === '' ? null : JSON.parse(part)
        if (typeof value !== 'object' || value === null || !('id' in value) || value.id === null) return true
        return !values.includes(String(value.id))
      })
      .join('')

  async function erased(text: string, ...steps: readonly (readonly string[])[]): Promise<string> {
    const memory = makeMemoryObjectStore({ 'a.ndjson': text, witness: '{"id":"of nobody"}\n' })
    for (const values of steps) if (values.length > 0) await run(memory, { predicate: idIs(...values) })
    return memory.text('a.ndjson')!
  }

  test('what is left is what a filter leaves, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(object, texts, async (text, values) => {
        expect(await erased(text, values)).toBe(filtered(text, values))
      }),
    )
  })

  test('to erase nobody is the identity', async () => {
    await fc.assert(
      fc.asyncProperty(object, async (text) => {
        expect(await erased(text, ['of no row'])).toBe(text)
      }),
    )
  })

  test('to erase one and then the other is to erase the one or the other', async () => {
    await fc.assert(
      fc.asyncProperty(object, texts, texts, async (text, first, second) => {
        expect(await erased(text, first, second)).toBe(await erased(text, [...new Set([...first, ...second])]))
      }),
    )
  })

  test('the rows that a find counts are those that an erase takes', async () => {
    await fc.assert(
      fc.asyncProperty(object, texts, async (text, values) => {
        fc.pre(values.length > 0)
        const memory = makeMemoryObjectStore({ 'a.ndjson': text, witness: '{"id":"of nobody"}\n' })
        const { found, reports } = await run(memory, { predicate: idIs(...values) })
        const [finding] = found.findings
        expect(finding).toMatchObject({ kind: 'searched' })
        if (finding?.kind === 'searched') expect(reports[0]!.rows!.matched).toBe(finding.found.rows.size)
        expect((await run(memory, { predicate: idIs(...values) })).reports[0]!.rows!.matched).toBe(0)
      }),
    )
  })
})

describe('the steps of an object', () => {
  const stepping = (reject?: EraseStep['kind']) => {
    const memory = makeMemoryObjectStore({ a: lines(1, 2) })
    const seen: string[] = []
    const onStep = async ({ kind }: EraseStep) => {
      seen.push(`${kind} ${memory.text('a') === lines(1, 2) ? 'old' : 'new'}`)
      if (kind === reject) throw new LetheError('interrupted', 'of a test')
    }
    return { memory, seen, onStep }
  }

  test('are told in order, each before the next is taken', async () => {
    const { memory, seen, onStep } = stepping()
    await run(memory, { onStep })
    expect(seen).toEqual(['pinned old', 'committing old', 'written new', 'verified new'])
  })

  test.each(['pinned', 'committing'] as const)('nothing is written where the one told of %s refuses', async (kind) => {
    const { memory, onStep } = stepping(kind)
    expect((await run(memory, { onStep })).interrupted).toBe(true)
    expect(memory.text('a')).toBe(lines(1, 2))
  })

  test('none is taken in a dry run', async () => {
    const { memory, seen, onStep } = stepping()
    await run(memory, { onStep, dryRun: true })
    expect(seen).toEqual([])
  })
})
