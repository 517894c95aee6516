import { describe, expect, test } from 'vitest'
import type { DetectableFormat, Probe } from './format.ts'
import { bytesSource } from './range-source.ts'
import { detectFormat, probeBytes } from './registry.ts'

function format(name: string, detect: (probe: Probe) => 'content' | 'name' | 'no'): DetectableFormat {
  const never = () => Promise.reject(new Error('not called'))
  return { name, detect, inspect: never, find: never, erase: never, verify: never }
}

const byName = format('by-name', ({ name }) => (name.endsWith('.n') ? 'name' : 'no'))
const byContent = format('by-content', ({ head }) => (head[0] === 1 ? 'content' : 'no'))

describe('detectFormat', () => {
  test('goes by content before it goes by name', async () => {
    const source = bytesSource(Uint8Array.of(1))
    expect(await detectFormat([byName, byContent], { name: 'a.n', source })).toBe(byContent)
  })

  test('goes by name where no format knows the content', async () => {
    const source = bytesSource(Uint8Array.of(2))
    expect(await detectFormat([byContent, byName], { name: 'a.n', source })).toBe(byName)
  })

  test('refuses what nobody knows', async () => {
    const source = bytesSource(Uint8Array.of(2))
    const detected = detectFormat([byContent, byName], { name: 'a', source })
    await expect(detected).rejects.toMatchObject({ code: 'unknown-format', outcome: 'refused' })
  })

  test('takes what has no bytes and no name of a format for what holds no rows', async () => {
    const source = bytesSource(new Uint8Array(0))
    expect(await detectFormat([byContent, byName], { name: 'a', source })).toMatchObject({ name: 'empty' })
    expect(await detectFormat([byContent, byName], { name: 'a.n', source })).toBe(byName)
  })

  test.each([0, 5, 8, 20, probeBytes + 3])('shows the first and last bytes of %i', async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251)
    let seen: Probe | undefined
    const watcher = format('watcher', (probe) => {
      seen = probe
      return 'content'
    })
    await detectFormat([watcher], { name: 'f', source: bytesSource(bytes) })
    expect(seen?.size).toBe(size)
    expect([...seen!.head]).toEqual([...bytes.subarray(0, probeBytes)])
    expect([...seen!.tail]).toEqual([...bytes.subarray(Math.max(0, size - 8))])
  })
})
