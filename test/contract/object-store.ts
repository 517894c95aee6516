import { describe, expect, test } from 'vitest'
import { LetheError } from '../../src/domain/error.ts'
import { type Edit, makeEdit, type Piece } from '../../src/formats/edit.ts'
import { bytesSource } from '../../src/formats/range-source.ts'
import type {
  ListedObject,
  ObjectStore,
  ObjectVersion,
  OpenObject,
  SkippedName,
  UnlistedFolder,
  WriteCondition,
} from '../../src/ports/object-store.ts'

/** A store with an empty place of its own, and a way to that place which shares no code with the store. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ObjectStore
  /** The target that names all that is in the place; ends with `/`. */
  readonly root: string
  /** Makes or replaces an object; the name may have folders. */
  put(name: string, bytes: Uint8Array): Promise<void>
  delete(name: string): Promise<void>
  get(name: string): Promise<Uint8Array | undefined>
  /** Every name in the place, in any order, leftovers of writers too. */
  names(): Promise<string[]>
}

/** The contract of `src/ports/object-store.ts`, a test a sentence, for every adapter. */
export function describeObjectStore(title: string, makeStore: () => Promise<StoreUnderTest>): void {
  const withStore = (fact: string, run: (under: StoreUnderTest) => Promise<void>) =>
    test(fact, async () => {
      await using under = await makeStore()
      await run(under)
    })

  describe(`${title}: list`, () => {
    withStore('names one object', async (under) => {
      await putAll(under, ['a.txt', 'b.txt'])
      expect(await listedNames(under, 'a.txt')).toEqual(['a.txt'])
    })

    withStore('names every object below a folder, in order of key', async (under) => {
      await putAll(under, ['b/z', 'b/y/x', 'b-c', 'a', 'b0', 'd/e/f/g'])
      const listed = await list(under.store, under.root)
      expect(namesOf(under, listed).sort()).toEqual(['a', 'b-c', 'b/y/x', 'b/z', 'b0', 'd/e/f/g'])
      const keys = listed.map(({ key }) => key)
      expect(keys).toEqual([...keys].sort())
    })

    withStore('tells the size, and a name by which the store lists the object again', async (under) => {
      await under.put('folder/a.txt', text('12345'))
      const [object] = objectsOf(await list(under.store, under.root))
      expect(object?.size).toBe(5)
      expect(await list(under.store, object!.uri)).toEqual([object])
    })

    withStore('names what a glob matches', async (under) => {
      await putAll(under, ['a.json', 'b.json', 'c.csv', 'd/e.json', 'd/f/g.json', 'd/f/h.csv'])
      expect(await listedNames(under, '*.json')).toEqual(['a.json', 'b.json'])
      expect(await listedNames(under, 'd/?.json')).toEqual(['d/e.json'])
      expect(await listedNames(under, '**/*.json')).toEqual(['a.json', 'b.json', 'd/e.json', 'd/f/g.json'])
      expect(await listedNames(under, '[b-c].*')).toEqual(['b.json', 'c.csv'])
      expect(await listedNames(under, '{a,d/e}.json')).toEqual(['a.json', 'd/e.json'])
    })

    withStore('names what is in the folders that a glob matches', async (under) => {
      await putAll(under, ['day=1/a', 'day=2/b', 'day=2/deep/c', 'month=1/d'])
      expect(await listedNames(under, 'day=*')).toEqual(['day=1/a', 'day=2/b', 'day=2/deep/c'])
    })

    withStore('takes a name that exists literally before its reading as a glob', async (under) => {
      await putAll(under, ['a[1].json', 'a1.json', 'b*/c', 'bb/c'])
      expect(await listedNames(under, 'a[1].json')).toEqual(['a[1].json'])
      expect(await listedNames(under, 'b*/')).toEqual(['b*/c'])
    })

    withStore('names nothing where the target names nothing', async (under) => {
      await putAll(under, ['a.json', 'ab/c'])
      for (const target of ['b.json', '*.csv', 'a', 'a.json/b', 'a/', 'none/*.json']) {
        expect(await list(under.store, under.root + target), target).toEqual([])
      }
    })

    withStore('skips names that begin with . or _ and does not enter such folders', async (under) => {
      await putAll(under, ['a', '.b', '_c', '_d/e', '_d/f', 'g/_h', 'g/i', '.j/k'])
      expect(await listedNames(under)).toEqual(['a', 'g/i'])
      expect(await skippedNames(under)).toEqual(['.b', '.j', '_c', '_d', 'g/_h'])
    })

    withStore('skips of a glob only what it would match', async (under) => {
      await putAll(under, ['a.json', '_b.json', '_c.csv', '_d/e.json', 'f/_g.json', 'f/h.json'])
      expect(await listedNames(under, '*.json')).toEqual(['a.json'])
      expect(await skippedNames(under, '*.json')).toEqual(['_b.json'])
      expect(await listedNames(under, '**/*.json')).toEqual(['a.json', 'f/h.json'])
      expect(await skippedNames(under, '**/*.json')).toEqual(['_b.json', '_d', 'f/_g.json'])
    })

    withStore('skips no name that the target itself names', async (under) => {
      await putAll(under, ['_a.json', '_b/c.json', '_b/_d.json', '.e/f.json', 'g'])
      expect(await listedNames(under, '_a.json')).toEqual(['_a.json'])
      expect(await listedNames(under, '_b/')).toEqual(['_b/c.json'])
      expect(await skippedNames(under, '_b/')).toEqual(['_b/_d.json'])
      expect(await listedNames(under, '_*.json')).toEqual(['_a.json'])
      expect(await listedNames(under, '.e/*.json')).toEqual(['.e/f.json'])
    })

    withStore('yields no object twice', async (under) => {
      await putAll(under, ['a/b.json', 'a/c.json'])
      expect(await listedNames(under, '{a,a/b.json,a/*,**/b.json}')).toEqual(['a/b.json', 'a/c.json'])
    })

    withStore('keeps names with odd characters, each a name of its own', async (under) => {
      const names = [
        'a b',
        'a%20b',
        'a+b',
        'ä',
        'a\u0308',
        '日本',
        'q\'uo"te',
        'back\\slash',
        'x=1&y=2',
        '#hash',
        '!no',
      ]
      await putAll(under, names)
      expect((await listedNames(under)).sort()).toEqual([...names].sort())
      for (const name of names) {
        const [object] = objectsOf(await list(under.store, under.root + name))
        expect(await readAll(under.store, object!.key), name).toBe(name)
      }
    })

    withStore('ends when it is interrupted', async (under) => {
      await putAll(under, ['a'])
      await expectCode(list(under.store, under.root, AbortSignal.abort()), 'interrupted')
    })
  })

  describe(`${title}: children`, () => {
    withStore('are the names directly in a folder that begin with a prefix, folders with /', async (under) => {
      await putAll(under, ['t/_delta_log/0.json', 't/_delta', 't/other', 't/deep/_delta_log/0.json', 't/.hoodie/x'])
      const folder = await folderKey(under, 't/other')
      expect(await children(under.store, folder, '_delta')).toEqual(['_delta', '_delta_log/'])
      expect(await children(under.store, folder, '')).toEqual(['.hoodie/', '_delta', '_delta_log/', 'deep/', 'other'])
    })

    withStore('of a folder that does not exist are none', async (under) => {
      await putAll(under, ['a/b'])
      const folder = await folderKey(under, 'a/b')
      expect(await children(under.store, `${folder}missing/`, '')).toEqual([])
      expect(await children(under.store, `${folder}b/`, '')).toEqual([])
    })
  })

  describe(`${title}: open`, () => {
    withStore('reads any range, again and concurrently', async (under) => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3)
      await under.put('a', bytes)
      await using opened = await under.store.open(await keyOf(under, 'a'))
      expect(opened.size).toBe(bytes.length)
      const ranges = [
        [0, 300_000],
        [0, 0],
        [299_999, 300_000],
        [300_000, 300_000],
        [1000, 2000],
        [1500, 250_000],
      ] as const
      const reads = await Promise.all(ranges.map(([start, end]) => opened.read(start, end)))
      for (const [index, [start, end]] of ranges.entries()) {
        expect(Buffer.compare(reads[index]!, bytes.subarray(start, end)), `${start}..${end}`).toBe(0)
      }
    })

    withStore('pins the present version: the same one for the same content, another after a change', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const first = await versionOf(under.store, key)
      expect(await versionOf(under.store, key)).toEqual(first)
      await under.put('a', text('two'))
      expect((await versionOf(under.store, key)).token).not.toBe(first.token)
    })

    withStore('never reads bytes of another version', async (under) => {
      await under.put('a', text('one'))
      await using opened = await under.store.open(await keyOf(under, 'a'))
      expect(asText(await opened.read(0, 3))).toBe('one')
      await under.put('a', text('two'))
      await expectPinnedOrChanged(opened, 'one')
    })

    withStore('reads nothing else when the object was removed since', async (under) => {
      await under.put('a', text('one'))
      await using opened = await under.store.open(await keyOf(under, 'a'))
      await under.delete('a')
      await expectPinnedOrChanged(opened, 'one')
    })

    withStore('tells an object that is not there', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      await under.delete('a')
      await expectCode(under.store.open(key), 'object-missing')
      await expectCode(under.store.preflight(key, { before: 'rewrite' }), 'object-missing')
    })

    withStore('reads an empty object', async (under) => {
      await under.put('a', text(''))
      await using opened = await under.store.open(await keyOf(under, 'a'))
      expect(opened.size).toBe(0)
      expect(await opened.read(0, 0)).toHaveLength(0)
    })

    withStore('ends when it is interrupted', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      await using opened = await under.store.open(key)
      await expectCode(opened.read(0, 3, { signal: AbortSignal.abort() }), 'interrupted')
      await expectCode(under.store.open(key, { signal: AbortSignal.abort() }), 'interrupted')
    })
  })

  describe(`${title}: preflight`, () => {
    withStore('is content with an ordinary object and writes nothing', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const before = await versionOf(under.store, key)
      await under.store.preflight(key, { before: 'rewrite' })
      expect(await versionOf(under.store, key)).toEqual(before)
      expect(await under.names()).toEqual(['a'])
    })
  })

  describe(`${title}: write`, () => {
    withStore('puts the edited object in the place of the old one and yields its version', async (under) => {
      await under.put('a', text('one two three'))
      const { key, written } = await rewrite(under, 'a', [source(0, 4), spool('2 '), source(8, 13)])
      expect(asText((await under.get('a'))!)).toBe('one 2 three')
      expect(written).toEqual(await versionOf(under.store, key))
      expect(await under.names()).toEqual(['a'])
    })

    withStore('carries out pieces in any order, many and large ones', async (under) => {
      const bytes = Uint8Array.from({ length: 7_000_000 }, (_, index) => (index * 31) ^ (index >> 9))
      await under.put('a', bytes)
      const pieces = [source(5_000_000, 7_000_000), spool('s'.repeat(100_000)), source(0, 3_000_000)]
      for (let at = 3_000_000; at < 3_200_000; at += 100) pieces.push(source(at, at + 37))
      await rewrite(under, 'a', pieces)
      expect(Buffer.compare((await under.get('a'))!, expectedBytes(bytes, pieces))).toBe(0)
    })

    withStore('can leave nothing of the object', async (under) => {
      await under.put('a', text('one'))
      await rewrite(under, 'a', [])
      expect(await under.get('a')).toHaveLength(0)
    })

    withStore('changes nothing when the object is not the one of the condition any more', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const condition = { unchanged: await versionOf(under.store, key) }
      await under.put('a', text('two'))
      await expectCode(write(under.store, key, [spool('new')], condition), 'object-changed')
      expect(asText((await under.get('a'))!)).toBe('two')
      expect(await under.names()).toEqual(['a'])
    })

    withStore('makes no object where one was removed', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const condition = { unchanged: await versionOf(under.store, key) }
      await under.delete('a')
      await expectCode(write(under.store, key, [spool('new')], condition), 'object-changed')
      expect(await under.names()).toEqual([])
    })

    withStore('changes nothing when the source changes while it is copied', async (under) => {
      await under.put('a', new Uint8Array(4_000_000))
      const key = await keyOf(under, 'a')
      await using opened = await under.store.open(key)
      const changing = {
        size: opened.size,
        read: async (start: number, end: number) => {
          if (start > 0) await under.put('a', text('two'))
          return await opened.read(start, end)
        },
      }
      const edit = editOf([source(0, 1_000_000), source(3_000_000, 4_000_000)])
      const request = { source: changing, edit, condition: { unchanged: opened.version } }
      await expectCode(under.store.write(key, request), 'object-changed')
      expect(asText((await under.get('a'))!)).toBe('two')
      expect(await under.names()).toEqual(['a'])
    })

    withStore('makes a new object only where there is none', async (under) => {
      await under.put('a', text('one'))
      const key = `${await folderKey(under, 'a')}new`
      const written = await write(under.store, key, [spool('new')], { absent: true })
      expect(asText((await under.get('new'))!)).toBe('new')
      expect(written).toEqual(await versionOf(under.store, key))
      await expectCode(write(under.store, key, [spool('newer')], { absent: true }), 'object-changed')
      expect(asText((await under.get('new'))!)).toBe('new')
      expect((await under.names()).sort()).toEqual(['a', 'new'])
    })

    withStore('leaves the old object and nothing else when the source cannot be read', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const broken = { size: 3, read: () => Promise.reject(new LetheError('io', 'broken')) }
      const request = {
        source: broken,
        edit: editOf([source(0, 3)]),
        condition: { unchanged: await versionOf(under.store, key) },
      }
      await expectCode(under.store.write(key, request), 'io')
      expect(asText((await under.get('a'))!)).toBe('one')
      expect(await under.names()).toEqual(['a'])
    })

    withStore('leaves the old object and nothing else when it is interrupted', async (under) => {
      await under.put('a', new Uint8Array(4_000_000))
      const key = await keyOf(under, 'a')
      const interrupt = new AbortController()
      await using opened = await under.store.open(key)
      const interrupting = {
        size: opened.size,
        read: (start: number, end: number) => {
          if (start > 1_000_000) interrupt.abort()
          return opened.read(start, end)
        },
      }
      const request = {
        source: interrupting,
        edit: editOf([source(0, 1_000_000), source(1_500_000, 4_000_000)]),
        condition: { unchanged: opened.version },
      }
      await expectCode(under.store.write(key, request, { signal: interrupt.signal }), 'interrupted')
      expect(await under.get('a')).toHaveLength(4_000_000)
      expect(await under.names()).toEqual(['a'])
    })
  })

  describe(`${title}: the call that changes the object`, () => {
    const refusing = { beforeCommit: () => Promise.reject(new LetheError('contended', 'not now')) }

    withStore('is not made where its caller does not want it any more', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const condition = { unchanged: await versionOf(under.store, key) }
      const request = { source: bytesSource(text('one')), edit: editOf([spool('two')]), condition }
      await expectCode(under.store.write(key, request, refusing), 'contended')
      await expectCode(under.store.remove(key, condition, refusing), 'contended')
      expect(asText((await under.get('a'))!)).toBe('one')
      expect(await versionOf(under.store, key)).toEqual(condition.unchanged)
      expect(await under.names()).toEqual(['a'])
    })

    withStore('comes right after its caller was asked', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const seen: string[] = []
      const beforeCommit = async () => void seen.push(asText((await under.get('a'))!))
      const unchanged = await versionOf(under.store, key)
      const request = { source: bytesSource(text('one')), edit: editOf([spool('two')]), condition: { unchanged } }
      const written = await under.store.write(key, request, { beforeCommit })
      await under.store.remove(key, { unchanged: written }, { beforeCommit })
      expect(seen).toEqual(['one', 'two'])
    })
  })

  describe(`${title}: remove`, () => {
    withStore('removes the object', async (under) => {
      await putAll(under, ['a', 'b'])
      const key = await keyOf(under, 'a')
      await under.store.remove(key, { unchanged: await versionOf(under.store, key) })
      expect(await under.names()).toEqual(['b'])
    })

    withStore('removes nothing when the object is not the one of the condition any more', async (under) => {
      await under.put('a', text('one'))
      const key = await keyOf(under, 'a')
      const unchanged = await versionOf(under.store, key)
      await under.put('a', text('two'))
      await expectCode(under.store.remove(key, { unchanged }), 'object-changed')
      expect(asText((await under.get('a'))!)).toBe('two')
      await under.delete('a')
      await expectCode(under.store.remove(key, { unchanged }), 'object-changed')
    })
  })

  describe(`${title}: sweep`, () => {
    withStore('removes no object', async (under) => {
      await putAll(under, ['a', '.hidden', '.lethe-notes.tmp', 'x.tmp'])
      expect(await under.store.sweep(await folderKey(under, 'a'))).toBe(0)
      expect((await under.names()).sort()).toEqual(['.hidden', '.lethe-notes.tmp', 'a', 'x.tmp'])
    })

    withStore('of a folder that does not exist removes nothing', async (under) => {
      await putAll(under, ['a'])
      expect(await under.store.sweep(`${await folderKey(under, 'a')}missing/`)).toBe(0)
    })

    withStore('leaves what a live writer is about to write', async (under) => {
      await under.put('a', new Uint8Array(3_000_000))
      const key = await keyOf(under, 'a')
      const folder = await folderKey(under, 'a')
      await using opened = await under.store.open(key)
      const sweeping = {
        size: opened.size,
        read: async (start: number, end: number) => {
          expect(await under.store.sweep(folder)).toBe(0)
          return await opened.read(start, end)
        },
      }
      const request = {
        source: sweeping,
        edit: editOf([source(1, 3_000_000)]),
        condition: { unchanged: opened.version },
      }
      await under.store.write(key, request)
      expect(await under.get('a')).toHaveLength(2_999_999)
    })
  })
}

type TestPiece = { readonly from: 'source'; readonly start: number; readonly end: number } | { readonly text: string }

const source = (start: number, end: number): TestPiece => ({ from: 'source', start, end })
const spool = (content: string): TestPiece => ({ text: content })

function editOf(pieces: readonly TestPiece[]): Edit {
  const parts: Uint8Array[] = []
  let size = 0
  const placed = pieces.map((piece): Piece => {
    if ('from' in piece) return piece
    parts.push(text(piece.text))
    size += piece.text.length
    return { from: 'spool', start: size - piece.text.length, end: size }
  })
  return makeEdit(placed, { spool: bytesSource(Buffer.concat(parts)), rowsBefore: 0, rowsErased: 0 })
}

function expectedBytes(bytes: Uint8Array, pieces: readonly TestPiece[]): Uint8Array {
  return Buffer.concat(
    pieces.map((piece) => ('from' in piece ? bytes.subarray(piece.start, piece.end) : text(piece.text))),
  )
}

async function rewrite(under: StoreUnderTest, name: string, pieces: readonly TestPiece[]) {
  const key = await keyOf(under, name)
  await using opened = await under.store.open(key)
  const request = { source: opened, edit: editOf(pieces), condition: { unchanged: opened.version } }
  return { key, written: await under.store.write(key, request) }
}

function write(store: ObjectStore, key: string, pieces: readonly TestPiece[], condition: WriteCondition) {
  return store.write(key, { source: bytesSource(new Uint8Array(0)), edit: editOf(pieces), condition })
}

const text = (content: string): Uint8Array => Buffer.from(content)
const asText = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

async function putAll(under: StoreUnderTest, names: readonly string[]): Promise<void> {
  for (const name of names) await under.put(name, text(name))
}

type Listed = ListedObject | SkippedName | UnlistedFolder

async function list(store: ObjectStore, target: string, signal?: AbortSignal): Promise<Listed[]> {
  return await collect(store.list(target, signal === undefined ? {} : { signal }))
}

async function children(store: ObjectStore, folder: string, prefix: string): Promise<string[]> {
  return await collect(store.children(folder, { prefix }))
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

function objectsOf(listed: readonly Listed[]): ListedObject[] {
  return listed.filter((item) => item.kind === 'object')
}

function namesOf(under: StoreUnderTest, listed: readonly Listed[]): string[] {
  return objectsOf(listed).map(({ uri }) => uri.slice(under.root.length))
}

async function listedNames(under: StoreUnderTest, target = ''): Promise<string[]> {
  return namesOf(under, await list(under.store, under.root + target))
}

async function skippedNames(under: StoreUnderTest, target = ''): Promise<string[]> {
  const [any] = objectsOf(await list(under.store, `${under.root}**`))
  const rootKey = any!.key.slice(0, any!.key.length - (any!.uri.length - under.root.length))
  const listed = await list(under.store, under.root + target)
  return listed.filter((item) => item.kind === 'skipped').map(({ key }) => key.slice(rootKey.length))
}

async function keyOf(under: StoreUnderTest, name: string): Promise<string> {
  const [object] = objectsOf(await list(under.store, under.root + name))
  return object!.key
}

async function folderKey(under: StoreUnderTest, name: string): Promise<string> {
  const key = await keyOf(under, name)
  return key.slice(0, key.lastIndexOf('/') + 1)
}

async function versionOf(store: ObjectStore, key: string): Promise<ObjectVersion> {
  await using opened = await store.open(key)
  return opened.version
}

async function readAll(store: ObjectStore, key: string): Promise<string> {
  await using opened = await store.open(key)
  return asText(await opened.read(0, opened.size))
}

/** A store that keeps versions goes on reading the pinned one; any other rejects. */
async function expectPinnedOrChanged(opened: OpenObject, content: string): Promise<void> {
  const read = await opened.read(0, content.length).then(asText, (error: unknown) => error)
  if (typeof read === 'string') expect(read).toBe(content)
  else expect(read).toMatchObject({ code: 'object-changed' })
}

async function expectCode(call: Promise<unknown>, code: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(LetheError)
  expect(error).toMatchObject({ code })
}
