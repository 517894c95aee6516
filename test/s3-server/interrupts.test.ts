import { expect, test } from 'vitest'
import { after, before, keys, letheEraser, person, startBench } from './erasure-bench.ts'

test('an interrupt at any request is told as it is: matched, erased, or clean with old versions that are named', async () => {
  await using bench = await startBench({ onlyLarge: true })
  const { bucket, proxy } = bench
  const seen = new Set<string>()
  for (let at = 1; ; at += 1) {
    bench.reset()
    const interrupt = new AbortController()
    proxy.before = ({ number }) => void (number === at && interrupt.abort())
    const reports = await letheEraser((store) => store, interrupt.signal)(proxy.endpoint)
    if (proxy.requests.length < at) break
    expect(bucket.uploads.size).toBe(0)
    const [current] = reports
    if (current === undefined) continue
    const status = current.reason?.code ?? current.status
    seen.add(status)
    const text = bucket.current(keys.large)?.bytes.toString()
    const left = bucket.versions(keys.large).filter(({ bytes }) => bytes.includes(person))
    expect(text === (status === 'matched' ? before.large : after.large)).toBe(true)
    if (status === 'erased') expect(left).toEqual([])
    if (status === 'interrupted') {
      expect(current.reason!.message).toMatch(/^the current version is clean, but /)
      for (const { versionId } of left) expect(current.reason!.message).toContain(versionId)
    }
  }
  expect([...seen].sort()).toEqual(['erased', 'interrupted', 'matched'])
}, 60_000)
