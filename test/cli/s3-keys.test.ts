import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Bucket } from '../s3-server/bucket.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { lines, people, runLethe } from './run-lethe.ts'

let server: S3Server
beforeAll(async () => {
  server = await S3Server.start()
})
afterAll(() => server[Symbol.asyncDispose]())

const others = lines({ user: 'other' })
const before = lines({ user: people.ada }) + others

let made = 0
function makeLake(keys: readonly string[]): { readonly name: string; readonly bucket: Bucket } {
  made += 1
  const name = `keys-${made}`
  const bucket = server.makeBucket(name, { versioning: 'Enabled' })
  const bytes = Buffer.from(before)
  for (const key of keys) {
    // An old version, too.
    bucket.put(key, { bytes })
    bucket.put(key, { bytes })
  }
  return { name, bucket }
}

async function lethe(command: 'find' | 'erase', target: string) {
  const { accessKeyId, secretAccessKey } = server.credentials
  const args = [command, target, '--endpoint', server.endpoint, '--match', `user=${people.ada}`, '--json']
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const run = await runLethe(command === 'erase' ? [...args, '--yes'] : args, { env })
  const { objects, totals } = JSON.parse(run.stdout) as {
    objects: { uri: string; status: string; versionId?: string }[]
    totals: { skipped: number }
  }
  return { run, totals, objects }
}

const textsOf = (bucket: Bucket, key: string): string[] => bucket.versions(key).map(({ bytes }) => bytes.toString())

/** In no order. */
const odd = [
  'a b.ndjson',
  ' both ends .ndjson ',
  'a+b.ndjson',
  'a%2Bb%.ndjson',
  'a//b.ndjson',
  'a///b.ndjson',
  '/lead.ndjson',
  '//lead.ndjson',
  'trail/x.ndjson/',
  'q?versionId=1&x=#y.ndjson',
  'quote"\'\\<&>.ndjson',
  'ünï\u{1f600}.ndjson',
  'u\u0308.ndjson',
  'line\nfeed\ttab\r.ndjson',
  'del\u007f.ndjson',
  'a=b;c,d:e@f$g!(h)*[i]{j}^`|~.ndjson',
  'day=2026-01-01/p.ndjson',
  'prefix.ndjson',
  'prefix.ndjson2.ndjson',
  'prefix.ndjson/below.ndjson',
  `long/${'x'.repeat(900)}.ndjson`,
]

describe('odd keys', () => {
  test('below a folder: each is found and erased, with its old version, and told by its own name', async () => {
    const { name, bucket } = makeLake(odd)
    const found = await lethe('find', `s3://${name}/`)
    const current = found.objects.filter(({ versionId }) => versionId === undefined)
    expect(current.map(({ uri }) => uri).sort()).toEqual(odd.map((key) => `s3://${name}/${key}`).sort())
    expect(new Set(current.map(({ status }) => status))).toEqual(new Set(['matched']))
    const { run } = await lethe('erase', `s3://${name}/`)
    expect(run).toMatchObject({ status: 0, stderr: '' })
    for (const key of odd) expect([key, textsOf(bucket, key)]).toEqual([key, [others]])
  }, 60_000)

  test.each(odd.filter((key) => !key.endsWith('/')))('as the target, %j is erased alone', async (key) => {
    const { name, bucket } = makeLake([key, `${key}2`, `other/${key}`])
    const { run, objects } = await lethe('erase', `s3://${name}/${key}`)
    expect([run.status, run.stderr]).toEqual([0, ''])
    expect(new Set(objects.map(({ uri }) => uri))).toEqual(new Set([`s3://${name}/${key}`]))
    expect(textsOf(bucket, key)).toEqual([others])
    for (const neighbour of [`${key}2`, `other/${key}`]) expect(textsOf(bucket, neighbour)).toEqual([before, before])
  })

  test('that end with a slash and have bytes are objects in the folder of that name', async () => {
    const { name, bucket } = makeLake(['trail.ndjson/', 'trail.ndjson/2.ndjson', 'trail.ndjson/3/', 'trail.ndjson0'])
    bucket.put('trail.ndjson/empty/', { bytes: Buffer.alloc(0) })
    const { run, objects } = await lethe('erase', `s3://${name}/trail.ndjson/`)
    expect(run.stderr).toBe('')
    expect(textsOf(bucket, 'trail.ndjson/')).toEqual([others])
    expect(textsOf(bucket, 'trail.ndjson/2.ndjson')).toEqual([others])
    // Its name tells no format: found by its content, or named as not searched.
    expect(objects.map(({ uri }) => uri)).toContain(`s3://${name}/trail.ndjson/3/`)
    expect(textsOf(bucket, 'trail.ndjson0')).toEqual([before, before])
    expect(bucket.current('trail.ndjson/empty/')?.bytes.length).toBe(0)
  })

  test('with . or .. as a folder are names like others that begin with a dot: skipped and counted, erased where named', async () => {
    const keys = ['a/../b.ndjson', '../c.ndjson', 'a/./d.ndjson']
    const { name, bucket } = makeLake([...keys, 'b.ndjson'])
    const { totals, run } = await lethe('erase', `s3://${name}/`)
    expect([run.status, totals.skipped]).toEqual([0, 3])
    for (const key of keys) expect(textsOf(bucket, key)).toEqual([before, before])
    expect(textsOf(bucket, 'b.ndjson')).toEqual([others])
    for (const key of keys) {
      expect((await lethe('erase', `s3://${name}/${key}`)).run.status).toBe(0)
      expect(textsOf(bucket, key)).toEqual([others])
    }
  })
})
