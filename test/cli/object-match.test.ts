import { linkSync, mkdirSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Bucket } from '../s3-server/bucket.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { lines, makeLake, runLethe } from './run-lethe.ts'

interface Report {
  readonly objects: readonly {
    readonly uri: string
    readonly status: string
    readonly reason: { code: string } | null
  }[]
}

/** Of each object its own name, what became of it, and why. */
function outcomes(stdout: string) {
  const { objects } = JSON.parse(stdout) as Report
  return objects.map(({ uri, status, reason }) => [uri.slice(uri.lastIndexOf('/') + 1), status, reason?.code ?? null])
}

const photos = {
  'photos/ann.png': 'picture of ann',
  'photos/ann-marie.png': 'picture of another',
  'photos/bob.png': 'picture of bob',
}
const clicks = lines({ user: 'ann', n: 1 }, { user: 'bob', n: 2 })

function erase(lake: { folder: string; path(name: string): string }, pattern: string, ...more: string[]) {
  const args = ['erase', lake.path('lake'), '--match', 'user=ann', '--object-match', pattern, '--json', ...more]
  return runLethe(args, { cwd: lake.folder })
}

function makePhotoLake(more: Record<string, string> = {}) {
  const files = { ...photos, ...more }
  return makeLake(Object.fromEntries(Object.entries(files).map(([name, content]) => [`lake/${name}`, content])))
}

describe('erase --object-match', () => {
  test("removes the objects that are a person's by their whole name, and reads none of that form", async () => {
    using lake = makePhotoLake()
    const run = await erase(lake, 'lake/photos/{user}.png', '--yes')
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(Object.keys(lake.contents())).toEqual(['lake/photos/ann-marie.png', 'lake/photos/bob.png'])
    const { objects, totals } = JSON.parse(run.stdout) as { objects: object[]; totals: object }
    expect(objects).toEqual([
      {
        uri: lake.path('lake/photos/ann-marie.png'),
        status: 'unchanged',
        reason: null,
        bytes: { size: 18, read: 0, kept: 18, inserted: 0 },
        warnings: [],
      },
      {
        uri: lake.path('lake/photos/ann.png'),
        status: 'erased',
        reason: null,
        action: 'remove',
        bytes: { size: 14, read: 0, kept: 0, inserted: 0 },
        warnings: [],
      },
      expect.objectContaining({ status: 'unchanged' }),
    ])
    expect(totals).toMatchObject({ objects: 3, erased: 1, unchanged: 2, rows: { seen: 0, matched: 0, kept: 0 } })
  })

  test('searches all other objects by their rows', async () => {
    using lake = makePhotoLake({ 'clicks.ndjson': clicks })
    const run = await erase(lake, 'lake/photos/{user}.png', '--yes')
    expect(outcomes(run.stdout)).toEqual([
      ['clicks.ndjson', 'erased', null],
      ['ann-marie.png', 'unchanged', null],
      ['ann.png', 'erased', null],
      ['bob.png', 'unchanged', null],
    ])
    expect(lake.contents()['lake/clicks.ndjson']).toBe(lines({ user: 'bob', n: 2 }))
  })

  test('finds nothing the second time', async () => {
    using lake = makePhotoLake()
    await erase(lake, 'lake/photos/{user}.png', '--yes')
    const again = await erase(lake, 'lake/photos/{user}.png', '--yes')
    expect(again.status).toBe(0)
    expect(outcomes(again.stdout).map(([, status]) => status)).toEqual(['unchanged', 'unchanged'])
  })

  test('changes nothing with --dry-run, nor does find', async () => {
    using lake = makePhotoLake()
    const before = lake.contents()
    const dry = await erase(lake, 'lake/photos/{user}.png', '--dry-run')
    expect(outcomes(dry.stdout)[1]).toEqual(['ann.png', 'matched', null])
    const args = ['find', lake.path('lake'), '--match', 'user=ann', '--object-match', lake.path('lake/**/{user}.png')]
    const found = await runLethe(args)
    expect(found.status).toBe(0)
    expect(found.stdout).toMatch(/^ *matched +whole +0 B +.*ann\.png$/m)
    expect(found.stdout).toContain('looking for user = <1 value>\n')
    expect(lake.contents()).toEqual(before)
  })

  test("refuses an object whose name may be read as hers or as another's", async () => {
    using lake = makeLake({ 'lake/ann-1.png': 'a', 'lake/ann-marie-1.png': 'b', 'lake/bob-the-2.png': 'c' })
    const run = await erase(lake, 'lake/{user}-*.png', '--yes')
    expect(run.status).toBe(3)
    expect(outcomes(run.stdout)).toEqual([
      ['ann-1.png', 'erased', null],
      ['ann-marie-1.png', 'refused', 'ambiguous-column'],
      ['bob-the-2.png', 'unchanged', null],
    ])
    expect(Object.keys(lake.contents())).toEqual(['lake/ann-marie-1.png', 'lake/bob-the-2.png'])
  })

  test("a match that names more than the name gives is looked for in the rows, which have the name's columns", async () => {
    using lake = makeLake({
      'lake/ann.ndjson': lines({ n: 1 }, { n: 2 }),
      'lake/bob.ndjson': lines({ n: 1 }),
      'ids.ndjson': lines({ user: 'ann', n: '2' }),
    })
    const args = ['erase', lake.path('lake'), '--matches', lake.path('ids.ndjson'), '--json', '--yes']
    const run = await runLethe([...args, '--object-match', lake.path('lake/{user}.ndjson')])
    expect(run.status).toBe(0)
    expect(lake.contents()['lake/ann.ndjson']).toBe(lines({ n: 1 }))
    expect(lake.contents()['lake/bob.ndjson']).toBe(lines({ n: 1 }))
  })

  test("a folder of a person's goes file by file, and its own name is told to stay", async () => {
    using lake = makeLake({ 'lake/ann/a.png': 'a', 'lake/ann/deep/b.bin': 'b', 'lake/bob/a.png': 'c' })
    const run = await erase(lake, 'lake/{user}/**', '--yes')
    expect(Object.keys(lake.contents())).toEqual(['lake/bob/a.png'])
    const { objects } = JSON.parse(run.stdout) as { objects: { warnings: object[] }[] }
    expect(objects[0]?.warnings).toEqual([{ code: 'name-still-tells', count: 1 }])
  })

  test('refuses what has another name that would keep it', async () => {
    using lake = makePhotoLake()
    linkSync(lake.path('lake/photos/ann.png'), lake.path('copy.png'))
    const run = await erase(lake, 'lake/photos/{user}.png', '--yes')
    expect(run.status).toBe(3)
    expect(outcomes(run.stdout)[1]).toEqual(['ann.png', 'refused', 'hard-linked'])
    expect(lake.contents()['lake/photos/ann.png']).toBe(photos['photos/ann.png'])
  })

  test('refuses what only the name of a link says', async () => {
    using lake = makeLake({ 'shared.png': 'of everyone' })
    mkdirSync(lake.path('lake'))
    symlinkSync(lake.path('shared.png'), lake.path('lake/ann.png'))
    const run = await erase(lake, 'lake/{user}.png', '--yes')
    expect(outcomes(run.stdout)).toEqual([['ann.png', 'refused', 'hard-linked']])
    expect(lake.contents()['shared.png']).toBe('of everyone')
  })

  test('refuses the objects of a table all the same', async () => {
    using lake = makePhotoLake({ '_delta_log/0.json': '{}' })
    const run = await erase(lake, 'lake/photos/{user}.png', '--yes')
    expect(outcomes(run.stdout)[1]).toEqual(['ann.png', 'refused', 'table-managed'])
    expect(lake.contents()['lake/photos/ann.png']).toBeDefined()
  })

  test.each<[string, string, string]>([
    ['fits no name', 'photos/{user}.png', 'no object has a name that --object-match fits'],
    ['fits only with another case', 'lake/Photos/{user}.png', 'no object has a name that --object-match fits'],
    ['names no column', 'lake/photos/*.png', 'names no column'],
    ['is broken', 'lake/photos/{user', 'stands for nothing'],
  ])('a pattern that %s is a usage error, and nothing is changed', async (_, pattern, message) => {
    using lake = makePhotoLake()
    const run = await erase(lake, pattern, '--yes')
    expect(run.status).toBe(2)
    expect(run.stderr).toContain(message)
    expect(run.stderr).not.toContain(pattern)
    expect(Object.keys(lake.contents())).toHaveLength(3)
  })

  test('does not take another column of the name for the one that is looked for', async () => {
    using lake = makePhotoLake()
    const run = await erase(lake, 'lake/photos/{usr}.png', '--yes')
    expect(outcomes(run.stdout).map(([, , code]) => code)).toEqual(Array(3).fill('unknown-format'))
    expect(Object.keys(lake.contents())).toHaveLength(3)
  })
})

describe('erase --sidecar', () => {
  const album = {
    'lake/a.png': 'A',
    'lake/a.png.meta.json': JSON.stringify({ user: 'ann', taken: { by: 'bob' } }, null, 2),
    'lake/b.png': 'B',
    'lake/b.png.meta.json': JSON.stringify({ user: 'bob' }),
    'lake/clicks.ndjson': clicks,
  }
  const eraseAlbum = (lake: { folder: string; path(name: string): string }, ...more: string[]) =>
    runLethe(['erase', lake.path('lake'), '--json', '--sidecar', '{name}.meta.json', ...more], { cwd: lake.folder })

  test('removes an object and then its sidecar, searches what has none, and finds nothing the second time', async () => {
    using lake = makeLake(album)
    const run = await eraseAlbum(lake, '--match', 'user=ann', '--yes')
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(outcomes(run.stdout)).toEqual([
      ['a.png', 'erased', null],
      ['b.png', 'unchanged', null],
      ['clicks.ndjson', 'erased', null],
    ])
    const { objects } = JSON.parse(run.stdout) as { objects: object[] }
    expect(objects[0]).toMatchObject({ action: 'remove', sidecar: lake.path('lake/a.png.meta.json') })
    const { 'lake/b.png': b, 'lake/b.png.meta.json': meta } = album
    expect(lake.contents()).toEqual({
      'lake/b.png': b,
      'lake/b.png.meta.json': meta,
      'lake/clicks.ndjson': lines({ user: 'bob', n: 2 }),
    })
    const again = await eraseAlbum(lake, '--match', 'user=ann', '--yes')
    expect(outcomes(again.stdout).map(([, status]) => status)).toEqual(['unchanged', 'unchanged'])
  })

  test('reads paths in it, shows the plan and changes nothing with --dry-run, and removes one left alone', async () => {
    using lake = makeLake({ ...album, 'lake/gone.png.meta.json': '{"taken":{"by":"bob"}}' })
    const before = lake.contents()
    const dry = await eraseAlbum(lake, '--match', 'taken.by=bob', '--dry-run')
    expect(outcomes(dry.stdout)).toEqual([
      ['a.png', 'matched', null],
      ['b.png', 'refused', 'unknown-format'],
      ['clicks.ndjson', 'unchanged', null],
      ['gone.png.meta.json', 'matched', null],
    ])
    expect(lake.contents()).toEqual(before)
  })

  test.each(['meta.json', '.{name}.json', 'meta/{name}.json', '{name}'])('%s is a usage error', async (pattern) => {
    using lake = makeLake(album)
    const run = await runLethe(['erase', lake.path('lake'), '--match', 'user=ann', '--yes', '--sidecar', pattern])
    expect(run).toMatchObject({ status: 2, stdout: '' })
    expect(Object.keys(lake.contents())).toHaveLength(5)
  })
})

describe('erase of whole objects in a bucket', () => {
  let server: S3Server
  let bucket: Bucket
  let made = 0
  beforeAll(async () => {
    server = await S3Server.start()
  })
  beforeEach(() => {
    made += 1
    bucket = server.makeBucket(`photos-${made}`, { versioning: 'Enabled' })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  function put(key: string, text: string, tags: Record<string, string> = {}) {
    return bucket.put(key, { bytes: Buffer.from(text) }, { tags: new Map(Object.entries(tags)) })
  }

  function eraseBucket(...more: string[]) {
    const { accessKeyId, secretAccessKey } = server.credentials
    const target = `s3://photos-${made}/p/`
    const args = ['erase', target, '--endpoint', server.endpoint, '--match', 'user=ann', '--json', '--yes']
    return runLethe([...args, ...more], {
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    })
  }

  test('removes the object and each of its versions, and keeps one that another has by a longer name', async () => {
    put('p/ann.png', 'old')
    put('p/ann.png', 'new')
    put('p/ann.png.bak', 'other')
    const run = await eraseBucket('--object-match', `s3://photos-${made}/p/{user}.png`)
    expect(outcomes(run.stdout)).toEqual([
      ['ann.png', 'erased', null],
      ['ann.png.bak', 'refused', 'unknown-format'],
      ['ann.png', 'erased', null],
    ])
    expect(bucket.current('p/ann.png')).toBeUndefined()
    expect(bucket.current('p/ann.png.bak')?.bytes.toString()).toBe('other')
    expect([...bucket.versions('p/ann.png')]).toEqual([])
  })

  test("removes by a tag what is the person's, an old version too, and what has no tag by its rows", async () => {
    put('p/1.png', 'hers', { User: 'ann', kind: 'photo' })
    put('p/2.png', 'hers once', { User: 'ann' })
    const his = put('p/2.png', 'his now', { User: 'bob' })
    put('p/3.ndjson', clicks)
    const run = await eraseBucket('--object-tag', 'user')
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(outcomes(run.stdout)).toEqual([
      ['1.png', 'erased', null],
      ['2.png', 'unchanged', null],
      ['3.ndjson', 'erased', null],
      ['2.png', 'erased', null],
    ])
    expect(bucket.versions('p/1.png')).toEqual([])
    expect(bucket.versions('p/2.png')).toEqual([his])
    expect(bucket.current('p/3.ndjson')?.bytes.toString()).toBe(lines({ user: 'bob', n: 2 }))
  })

  test('a tag that no object has is a usage error, and without --object-tag none is read', async () => {
    put('p/1.png', 'hers', { user: 'ann' })
    expect(await eraseBucket('--object-tag', 'owner')).toMatchObject({ status: 2, stdout: '' })
    const run = await eraseBucket()
    expect(outcomes(run.stdout)).toEqual([['1.png', 'refused', 'unknown-format']])
    expect(run.stdout).not.toContain('GetObjectTagging')
    expect(bucket.keys()).toEqual(['p/1.png'])
  })

  test('of an object with a sidecar all versions go, then all of the sidecar', async () => {
    for (const text of ['old', 'new']) put('p/1.png', text)
    for (const text of ['{}', '{"user":"ann"}']) put('p/1.png.json', text)
    put('p/2.png', 'his')
    put('p/2.png.json', '{"user":"bob"}')
    const run = await eraseBucket('--sidecar', '{name}.json')
    expect(run.status).toBe(0)
    // Of the old version one sidecar tells and the other does not: by itself it would be refused, and stay.
    expect(outcomes(run.stdout)).toEqual([
      ['1.png', 'erased', null],
      ['2.png', 'unchanged', null],
      ['1.png', 'erased', null],
      ['1.png.json', 'unchanged', null],
    ])
    expect(bucket.keys()).toEqual(['p/2.png', 'p/2.png.json'])
  })

  test('a sidecar stays as long as a version is there that it alone tells of', async () => {
    put('p/1.png', 'hers')
    bucket.remove('p/1.png')
    put('p/1.png.json', '{"user":"ann"}')
    const held = bucket.versions('p/1.png').find(({ kind }) => kind === 'object')!
    held.legalHold = true
    const first = await eraseBucket('--sidecar', '{name}.json')
    expect(outcomes(first.stdout)).toEqual([
      ['1.png', 'refused', 'locked'],
      ['1.png.json', 'failed', 'not-verified'],
    ])
    held.legalHold = false
    const second = await eraseBucket('--sidecar', '{name}.json')
    expect(second.status).toBe(0)
    expect(
      bucket
        .keys()
        .flatMap((key) => bucket.versions(key))
        .filter(({ kind }) => kind === 'object'),
    ).toEqual([])
  })
})
