import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { makeS3Store } from '../../src/adapters/object-store/s3/s3-store.ts'
import { FaultProxy } from './fault-proxy.ts'
import { S3Server } from './s3-server.ts'
import { xmlDocument } from './xml.ts'

const pageKeys = 1000
const keyOf = (index: number): string => `data/part-${String(index).padStart(9, '0')}.ndjson`

/** Answers listings of so many objects, page by page, and has none of them; no signatures. */
async function startLister(count: number) {
  let pages = 0
  const server = createServer((message, response) => {
    const query = new URL(message.url!, 'http://s3').searchParams
    if (!query.has('list-type')) {
      response.writeHead(404).end()
      return
    }
    pages += 1
    const first = Number(query.get('continuation-token') ?? 0)
    const next = Math.min(count, first + pageKeys)
    const Contents = Array.from({ length: next - first }, (_, index) => ({ Key: keyOf(first + index), Size: 1 }))
    const isTruncated = next < count
    const token = isTruncated ? { NextContinuationToken: String(next) } : {}
    response.end(xmlDocument('ListBucketResult', { IsTruncated: isTruncated, ...token, Contents }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get pages() {
      return pages
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

process.env['AWS_ACCESS_KEY_ID'] = 'any'
process.env['AWS_SECRET_ACCESS_KEY'] = 'any'

/** LETHE_S3_LISTED is for more: memory must not grow with it. */
const listed = Number(process.env['LETHE_S3_LISTED'] ?? 100_000)

describe('a listing', () => {
  test(`of ${listed} objects is streamed: no page is asked for before the one before it is used`, async () => {
    await using lister = await startLister(listed)
    const store = makeS3Store({ endpoint: lister.endpoint, region: 'us-east-1' })
    let seen = 0
    let most = 0
    let after = 0
    for await (const item of store.list('s3://lake/data/')) {
      if (item.kind !== 'object' || item.key !== `lake/${keyOf(seen)}`) throw new Error(`not in order at ${seen}`)
      seen += 1
      expect(lister.pages).toBe(Math.ceil(seen / pageKeys))
      if (seen % 20_000 !== 0) continue
      globalThis.gc?.()
      const { heapUsed } = process.memoryUsage()
      if (seen === 20_000) after = heapUsed
      most = Math.max(most, heapUsed)
    }
    expect(seen).toBe(listed)
    // Without a collector to call, what is waiting for it is in the figure: far less than the names of all of them.
    expect(most - after).toBeLessThan(64 * 1024 ** 2)
  }, 600_000)

  test('that is left is not asked for its rest', async () => {
    await using lister = await startLister(10_000)
    const store = makeS3Store({ endpoint: lister.endpoint, region: 'us-east-1' })
    for await (const item of store.list('s3://lake/data/')) if (item.key.endsWith('1500.ndjson')) break
    expect(lister.pages).toBe(2)
  })
})

const maxConnections = 64

test('no more requests than connections are under way at once, however much is asked for', async () => {
  await using server = await S3Server.start()
  await using proxy = await FaultProxy.start(server.endpoint)
  process.env['AWS_ACCESS_KEY_ID'] = server.credentials.accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = server.credentials.secretAccessKey
  server.makeBucket('lake').put('a', { bytes: Buffer.alloc(0) })
  const asked = 300
  let waiting: (() => void)[] = []
  let [came, most] = [0, 0]
  // Each is held until no other can come: then all go on.
  proxy.before = () =>
    new Promise((resolve) => {
      came += 1
      waiting.push(() => resolve(undefined))
      most = Math.max(most, waiting.length)
      if (waiting.length < maxConnections && came < asked) return
      for (const goOn of waiting) goOn()
      waiting = []
    })
  const store = makeS3Store({ endpoint: proxy.endpoint, region: 'us-east-1' })
  await Promise.all(Array.from({ length: asked }, async () => void (await store.open('lake/a'))))
  expect([came, most]).toEqual([asked, maxConnections])
  expect(proxy.mostConnections).toBe(maxConnections)
})
