import { describe, expect, test } from 'vitest'
import { blockOf, headerOf, longBytes, testCodecs } from '../../../test/avro/container-file.ts'
import { eraseAll, findRows, searchFor } from '../../../test/avro/erase-all.ts'
import { bzip2 } from '../compression/bzip2.ts'
import { xz } from '../compression/xz.ts'
import { bytesSource } from '../range-source.ts'
import { codecNamed, comparableLevel, gather } from './codecs.ts'

// Made by libbzip2 and liblzma: the rows (3, a), (5, b), (7, c) of an int and a string.
const rows = Buffer.from([6, 2, 0x61, 10, 2, 0x62, 14, 2, 0x63])
const bzip2Block = Buffer.from('QlpoOTFBWSZTWQX5PSIAAAHBABEROAAgACIaY1CGAXMob4u5IpwoSAL8npEA', 'base64')
const twoStreams = Buffer.from(
  'QlpoOTFBWSZTWUTeLMIAAADBABEAIAAgACGYGYFhdyRThQkETeLMIEJaaDkxQVkmU1k0bfKxAAABQQAQERgAIAAhg0GaCUBcXckU4UJA0bfKxA==',
  'base64',
)
const fourGigabyteDictionary = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhASgAAADmoBGzAQAIBgJhCgJiDgJjAAAAAGMvpFXrXfjGAAEhCWwYxdUftvN9AQAAAAAEWVo=',
  'base64',
)
const zeros = Buffer.from('QlpoOTFBWSZTWd4aBzoAAYhEAMAAAAQACCAAMMwFKaYIWxCF4u5IpwoSG8NA50A=', 'base64')
/** Only xz looks at what a new block stands in place of. */
const like = Buffer.alloc(0)
const schema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'text', type: 'string' },
  ],
}
const bzip2File = Buffer.concat([
  headerOf(schema, { metadata: { 'avro.codec': Buffer.from('bzip2') } }),
  blockOf(3, bzip2Block),
  blockOf(3, twoStreams),
])

describe('bzip2', () => {
  test('is found in, streams that follow one another too', async () => {
    expect(await codecNamed('bzip2').decompress(twoStreams)).toEqual(rows)
    expect(await findRows(bzip2File, searchFor([{ id: '5' }, { text: 'c' }]))).toEqual([1, 2, 4, 5])
  })

  test('is refused where rows of a block would have to be written again', async () => {
    await expect(eraseAll(bzip2File, searchFor([{ id: '5' }]))).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('is erased from where whole blocks go', async () => {
    const { bytes } = await eraseAll(bzip2File, searchFor([{ id: '3' }, { id: '5' }, { id: '7' }]))
    expect(bytes).toEqual(headerOf(schema, { metadata: { 'avro.codec': Buffer.from('bzip2') } }))
  })

  test('that is cut, longer than it says or has a flipped bit is malformed', async () => {
    const flipped = Array.from({ length: 10 }, (_, index) => {
      const damaged = Buffer.from(bzip2Block)
      damaged[index * 4 + 2]! ^= 16
      return damaged
    })
    for (const damaged of [
      bzip2Block.subarray(0, -3),
      Buffer.concat([bzip2Block, longBytes(1)]),
      Buffer.alloc(0),
      ...flipped,
    ]) {
      await expect(codecNamed('bzip2').decompress(damaged)).rejects.toMatchObject({ code: 'malformed' })
    }
  })
})

describe('xz', () => {
  test('that asks for gigabytes of memory is refused', async () => {
    await expect(codecNamed('xz').decompress(fourGigabyteDictionary)).rejects.toMatchObject({ code: 'limit-exceeded' })
  })
})

describe('a bomb', () => {
  test.each(['deflate', 'zstandard'] as const)('of %s is refused', async (name) => {
    const codec = codecNamed(name)
    const bomb = await codec.compress(Buffer.alloc(257 * 1024 * 1024), { level: 1, like })
    await expect(codec.decompress(bomb)).rejects.toMatchObject({ code: 'limit-exceeded' })
  })

  test('of xz or bzip2 is refused', async () => {
    const megabytes = await testCodecs.xz(Buffer.alloc(3 * 1024 * 1024))
    for (const [codec, bomb] of [
      [xz, megabytes],
      [bzip2, zeros],
    ] as const) {
      const gathered = gather(codec.decode(bytesSource(bomb), {}), 150_000)
      await expect(gathered).rejects.toMatchObject({ code: 'limit-exceeded' })
    }
    expect(await codecNamed('bzip2').decompress(zeros)).toEqual(Buffer.alloc(200_000))
  })
})

describe.each(['deflate', 'zstandard', 'xz'] as const)('a block of %s', (name) => {
  test('that goes on after its data is malformed', async () => {
    const codec = codecNamed(name)
    const stored = await codec.compress(rows, { level: codec.levels[0]!, like: await testCodecs[name](rows) })
    const longer = Buffer.concat([stored, Buffer.from('more')])
    await expect(codec.decompress(longer)).rejects.toMatchObject({ code: 'malformed' })
  })
})

describe('comparableLevel', () => {
  test.each(['deflate', 'zstandard'] as const)('is the level that a block of %s was written with', async (name) => {
    const codec = codecNamed(name)
    const words = Array.from({ length: 20_000 }, (_, index) => `${(index * 7919) % 1009} of ${(index * 31) % 97}`)
    const bytes = Buffer.from(words.join())
    for (const level of codec.levels) {
      const stored = await codec.compress(bytes, { level, like })
      const chosen = await comparableLevel(codec, bytes, stored)
      expect((await codec.compress(bytes, { level: chosen, like })).length).toBe(stored.length)
    }
  })
})
