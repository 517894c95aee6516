import { describe, expect, it } from 'vitest'
import type { RangeSource } from '../../range-source.ts'
import { DictionaryPageHeader, PageHeader } from '../metadata.ts'
import { setField } from '../thrift-fields.ts'
import { writeThrift } from '../thrift-writer.ts'
import { PageWalk } from './page-walk.ts'

function page(body: Uint8Array): Uint8Array {
  const dictionary = { fields: [] }
  setField(dictionary, DictionaryPageHeader.numValues, 1)
  setField(dictionary, DictionaryPageHeader.encoding, 0)
  const header = { fields: [] }
  setField(header, PageHeader.type, 2)
  setField(header, PageHeader.uncompressedPageSize, body.length)
  setField(header, PageHeader.compressedPageSize, body.length)
  setField(header, PageHeader.dictionaryPageHeader, dictionary)
  return Buffer.concat([writeThrift(header), body])
}

describe('PageWalk', () => {
  it('reads into memory that it has, and a body of its own stays valid', async () => {
    const pages = [1, 2, 3, 4].map((byte) => page(new Uint8Array(300_000).fill(byte)))
    const bytes = Buffer.concat(pages)
    const memories = new Set<ArrayBufferLike>()
    const source: RangeSource = {
      size: bytes.length,
      async read(start, end, { into } = {}) {
        if (into === undefined) return new Uint8Array(bytes.subarray(start, end))
        memories.add(into.buffer)
        into.set(bytes.subarray(start, end))
        return into.subarray(0, end - start)
      },
    }
    const walk = new PageWalk(source, { start: 0, end: bytes.length })
    const first = await walk.ownBody((await walk.next())!)
    for (const byte of [2, 3, 4]) {
      const body = await walk.body((await walk.next())!)
      expect(body.every((each) => each === byte)).toBe(true)
    }
    expect(await walk.next()).toBeUndefined()
    expect(first.every((each) => each === 1)).toBe(true)
    // Small ones for headers and large ones for bodies.
    expect(memories.size).toBeLessThan(4)
  })
})
