import { describe, expect, test } from 'vitest'
import type { Bucket } from '../s3-server/bucket.ts'
import { FaultProxy } from '../s3-server/fault-proxy.ts'
import { S3Server } from '../s3-server/s3-server.ts'
import { lines, people, type Run, runLethe } from './run-lethe.ts'

const filler = lines({ user: 'other', text: 'x'.repeat(1024 ** 2) })
const adas = lines({ user: people.ada, n: 1 })
/** Written in parts: a copied one, and one that is sent. */
const before = filler.repeat(6) + adas + filler.repeat(5)
const after = filler.repeat(11)
const neighbour = lines({ user: 'neighbour' })

interface Signal {
  readonly signal: NodeJS.Signals
  /** Before or after the request is carried out. */
  readonly when: 'before' | 'after'
  /** The n-th request, counted from 1. */
  readonly at: number
}

interface Lake extends AsyncDisposable {
  readonly bucket: Bucket
  readonly proxy: FaultProxy
  /** Runs `lethe erase`, and sends it a signal at a request. */
  erase(signal?: Signal): Promise<Run>
}

async function startLake({ oldVersions = 1 } = {}): Promise<Lake> {
  const server = await S3Server.start()
  const proxy = await FaultProxy.start(server.endpoint)
  const bucket = server.makeBucket('lake', { versioning: 'Enabled' })
  const put = (key: string, text: string): void => {
    const bytes = Buffer.from(text)
    bucket.put(key, { bytes })
  }
  for (let n = 0; n < oldVersions; n += 1) put('a.ndjson', adas + lines({ user: 'other', n }))
  put('a.ndjson', before)
  for (const text of [neighbour, neighbour + neighbour]) put('a.ndjson.old.ndjson', text)
  const args = ['erase', 's3://lake/a.ndjson', '--endpoint', proxy.endpoint, '--match', `user=${people.ada}`]
  const env = {
    AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
  }
  return {
    bucket,
    proxy,
    async erase(signal) {
      proxy.reset()
      return await runLethe([...args, '--json', '--yes'], {
        env,
        onStart(child) {
          if (signal === undefined) return
          proxy[signal.when] = ({ number }) => {
            if (number === signal.at) child.kill(signal.signal)
            return undefined
          }
        },
      })
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const textOf = (bucket: Bucket): string | undefined => bucket.current('a.ndjson')?.bytes.toString()
const holding = (bucket: Bucket): string[] =>
  bucket
    .versions('a.ndjson')
    .filter(({ bytes }) => bytes.includes(people.ada))
    .map(({ versionId }) => versionId)

interface Document {
  readonly objects: readonly { readonly status: string; readonly reason: { code: string; message: string } | null }[]
  readonly interrupted: boolean
}

/** Requests of an undisturbed run at which to send a signal: those that change something, and some of the others. */
async function positions(when: Signal['when']): Promise<number[]> {
  await using lake = await startLake()
  expect(await lake.erase()).toMatchObject({ status: 0, stderr: '' })
  const { requests } = lake.proxy
  const changes = ({ method }: { method: string }): boolean => method !== 'GET' && method !== 'HEAD'
  const firstChange = requests.findIndex(changes)
  return requests
    .filter(
      (request) => changes(request) || (when === 'before' && request.number > firstChange && request.number % 3 === 0),
    )
    .map(({ number }) => number)
}

describe('a signal at a request of an erase that writes in parts and deletes old versions', () => {
  test.concurrent.each(['before', 'after'] as const)(
    'SIGKILL %s it is carried out leaves the old object or the new one, and the next run completes',
    async (when) => {
      for (const at of await positions(when)) {
        await using lake = await startLake()
        const { bucket, proxy } = lake
        expect((await lake.erase({ signal: 'SIGKILL', when, at })).signal).toBe('SIGKILL')
        const { method, url } = proxy.requests[at - 1]!
        expect(textOf(bucket) === before || textOf(bucket) === after).toBe(true)
        expect(bucket.uploads.size).toBeLessThanOrEqual(1)

        expect(await lake.erase()).toMatchObject({ status: 0, stderr: '' })
        expect(textOf(bucket) === after).toBe(true)
        expect(holding(bucket)).toEqual([])
        expect(bucket.versions('a.ndjson.old.ndjson')).toHaveLength(2)
        // Between being begun and being marked an upload has no part: it holds nothing, and is told of.
        const left = [...bucket.uploads.values()].filter(({ parts }) => parts.size > 0)
        expect({ method, url, left }).toEqual({ method, url, left: [] })
      }
    },
    600_000,
  )

  test('SIGINT while parts are sent leaves no upload, and nothing new unless all was sent; status 130', async () => {
    await using lake = await startLake()
    const { bucket, proxy } = lake
    await lake.erase()
    const parts = proxy.requests.filter(({ method, url }) => method === 'PUT' && url.includes('partNumber='))
    expect(parts.length).toBeGreaterThan(2)
    let stopped = 0
    for (const { number } of parts) {
      await using other = await startLake()
      const run = await other.erase({ signal: 'SIGINT', when: 'after', at: number })
      const { interrupted } = JSON.parse(run.stdout) as Document
      expect([run.status, run.signal, interrupted]).toEqual([130, null, true])
      // A signal takes its time: the rest may have been on its way.
      expect([before, after].includes(textOf(other.bucket)!)).toBe(true)
      if (textOf(other.bucket) === before) stopped += 1
      expect(other.bucket.uploads.size).toBe(0)
    }
    expect(stopped).toBeGreaterThan(0)
    expect(textOf(bucket) === after).toBe(true)
  }, 60_000)

  test('SIGINT while old versions are deleted is told as it is: clean, and the versions that are left by name', async () => {
    await using lake = await startLake({ oldVersions: 8 })
    const { bucket, proxy } = lake
    await lake.erase()
    const at = proxy.requests.findIndex(({ method }) => method === 'DELETE') + 1
    await using other = await startLake({ oldVersions: 8 })
    const run = await other.erase({ signal: 'SIGINT', when: 'after', at })
    expect(bucket.versions('a.ndjson')).toHaveLength(1)
    const { objects, interrupted } = JSON.parse(run.stdout) as Document
    expect([run.status, interrupted]).toEqual([130, true])
    expect(objects[0]).toMatchObject({ status: 'failed', reason: { code: 'interrupted' } })
    expect(textOf(other.bucket) === after).toBe(true)
    const left = holding(other.bucket)
    // The signal comes while the next ones are on their way.
    expect(left.length).toBeGreaterThan(0)
    for (const versionId of left) expect(objects[0]!.reason!.message).toContain(versionId)
  }, 60_000)
})
