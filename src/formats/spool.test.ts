import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { makeSpool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'spool-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a spool', () => {
  test('reads back what was appended, in memory and in a file', async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(120), fc.nat(800), fc.nat(800), async (appended, memoryBytes, a, b) => {
        await using spool = makeSpool({ memoryBytes, folder })
        const all: number[] = []
        for (const bytes of appended) {
          const copy = Uint8Array.from(bytes)
          expect(await spool.append(copy)).toEqual({ start: all.length, end: all.length + bytes.length })
          // The caller may use its buffer again.
          copy.fill(255)
          all.push(...bytes)
        }
        expect(spool.size).toBe(all.length)
        const start = Math.min(a, b, all.length)
        const end = Math.min(Math.max(a, b), all.length)
        expect([...(await spool.read(start, end))]).toEqual(all.slice(start, end))
      }),
    )
  })

  test('leaves no name in its folder, not even while its file is in use', async () => {
    await using spool = makeSpool({ memoryBytes: 4, folder })
    await spool.append(new Uint8Array(100).fill(7))
    expect(readdirSync(folder)).toEqual([])
    expect(await spool.read(98, 100)).toEqual(Uint8Array.of(7, 7))
  })

  test('rejects a read beyond its end', async () => {
    await using spool = makeSpool({ folder })
    await spool.append(Uint8Array.of(1, 2))
    await expect(spool.read(1, 3)).rejects.toThrow(RangeError)
  })
})
