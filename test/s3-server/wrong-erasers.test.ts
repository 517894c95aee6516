import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { LetheError } from '../../src/domain/error.ts'
import type { ObjectReport } from '../../src/domain/report.ts'
import type { Piece } from '../../src/formats/edit.ts'
import {
  after,
  type Bench,
  type Eraser,
  keys,
  letheEraser,
  person,
  startBench,
  violations,
  violationsAtTheEnd,
} from './erasure-bench.ts'

/** Runs an eraser without faults, another writer before its first write if asked for; yields what does not hold. */
async function wrongsOf(eraser: Eraser, write?: (bench: Bench) => void): Promise<string[]> {
  await using bench = await startBench()
  let hasCome = write === undefined
  bench.proxy.before = ({ method, url }) => {
    const isWrite =
      (method === 'PUT' && !url.includes('partNumber')) || (method === 'POST' && !url.includes('uploads='))
    if (hasCome || !isWrite || !url.startsWith(`/lake/${keys.large}`)) return undefined
    hasCome = true
    write?.(bench)
    return undefined
  }
  const reports = await eraser(bench.proxy.endpoint)
  return [...violations(bench, reports), ...(write === undefined ? violationsAtTheEnd(bench, reports) : [])]
}

const theirs = `${JSON.stringify({ user: person, n: 77_777 })}\n`

/** Find and Forget's order: read as a whole, write without a condition, then delete what a prefix lists. */
const findAndForget: Eraser = async (endpoint) => {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true })
  const Bucket = 'lake'
  const reports: ObjectReport[] = []
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'data/' }))
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: Key! }))
    const lines = (await Body!.transformToString()).split('\n')
    const kept = lines.filter((line) => !line.includes(person))
    if (kept.length === lines.length) continue
    await client.send(new PutObjectCommand({ Bucket, Key: Key!, Body: kept.join('\n') }))
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key! }))
    for (const version of Versions.filter(({ IsLatest }) => IsLatest !== true)) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: version.Key!, VersionId: version.VersionId! }))
    }
    reports.push({ uri: `s3://lake/${Key}`, status: 'erased', reason: null, warnings: [] })
  }
  client.destroy()
  return reports
}

describe('the bench fails', () => {
  test("Find and Forget's order: neighbours go", async () => {
    expect(await wrongsOf(findAndForget)).toContain('data/a.ndjson2.ndjson, a neighbour, is not as it was')
  })

  test("Find and Forget's order: what another writer has put is overwritten, and lost", async () => {
    await using bench = await startBench()
    bench.proxy.before = ({ method, url }) => {
      if (method === 'PUT' && url.startsWith(`/lake/${keys.large}`)) bench.put(keys.large, theirs)
      return undefined
    }
    await findAndForget(bench.proxy.endpoint)
    expect(bench.bucket.versions(keys.large).some(({ bytes }) => bytes.includes('"n":77777'))).toBe(false)
  })

  test("Find and Forget's order: killed after the write, the old version is never deleted", async () => {
    await using bench = await startBench()
    bench.proxy.before = ({ method }) =>
      method === 'DELETE' ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined
    await findAndForget(bench.proxy.endpoint).catch(() => undefined)
    bench.proxy.reset()
    const wrong = violationsAtTheEnd(bench, await findAndForget(bench.proxy.endpoint))
    expect(wrong).toContain('a version of data/a.ndjson is left')
  })

  test('a client that ignores a 412', async () => {
    const ignoring = letheEraser((store) => ({
      ...store,
      async write(key, request, options) {
        try {
          return await store.write(key, request, options)
        } catch (error) {
          if (!(error instanceof LetheError && error.code === 'object-changed')) throw error
          await using opened = await store.open(key)
          return opened.version
        }
      },
    }))
    // As long as what would be written: the size of what is there is looked at as well.
    const other = after.large.replace('x'.repeat(person.length), person)
    const falsely = 'data/a.ndjson is said to be erased and is not'
    expect(await wrongsOf(ignoring, (bench) => bench.put(keys.large, other))).toContain(falsely)
    expect(await wrongsOf(letheEraser(), (bench) => bench.put(keys.large, other))).not.toContain(falsely)
  })

  test('a client that forgets a part', async () => {
    const forgetful = letheEraser((store) => ({
      ...store,
      write(key, { edit, ...request }, options) {
        const pieces: Piece[] = [...edit.pieces].slice(0, -1)
        const size = pieces.reduce((sum, { start, end }) => sum + end - start, 0)
        return store.write(key, { ...request, edit: { ...edit, size, pieces } }, options)
      },
    }))
    expect(await wrongsOf(forgetful)).toContain('data/a.ndjson is neither old nor new')
  })

  test('a client that lists by prefix and deletes a neighbour', async () => {
    const careless = letheEraser((store) => ({
      ...store,
      async *oldVersions(key) {
        yield* store.oldVersions(key)
        for await (const neighbour of store.listOldVersions('s3://lake/data/')) {
          if (neighbour.key === key || !neighbour.key.startsWith(key) || !('versionId' in neighbour)) continue
          await store.deleteVersion(neighbour.key, neighbour.versionId!)
        }
      },
    }))
    expect(await wrongsOf(careless)).toContain('data/a.ndjson2.ndjson, a neighbour, is not as it was')
  })

  test('a client that says erased before the old versions are gone', async () => {
    const hasty = letheEraser((store) => ({ ...store, deleteVersion: () => Promise.resolve() }))
    expect(await wrongsOf(hasty)).toContain('data/a.ndjson is said to be erased and is not')
  })
})
