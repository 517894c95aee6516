import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryType, recordOf } from '../../../test/avro/arbitrary-schema.ts'
import {
  blockOf,
  headerOf,
  readFile,
  type TestCodec,
  testCodecs,
  writeFile,
} from '../../../test/avro/container-file.ts'
import { eraseAll, findRows, searchFor } from '../../../test/avro/erase-all.ts'
import { hasShared, sharedPath } from '../../../test/shared.ts'
import { LetheError } from '../../domain/error.ts'
import { Ranges } from '../../domain/ranges.ts'
import { makeEdit, type Piece } from '../edit.ts'
import { bytesSource } from '../range-source.ts'
import { makeSpool } from '../spool.ts'
import { avro } from './avro.ts'

const codecs = Object.keys(testCodecs) as TestCodec[]
const schema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'text', type: 'string' },
  ],
}
const rows = Array.from({ length: 12 }, (_, id) => ({ id, text: `row ${id}`.repeat(9) }))

async function texts(file: Buffer) {
  return (await readFile(file)).map((row) => JSON.parse(row) as unknown)
}

describe('erase', () => {
  test.each(codecs)('leaves out the rows that match, of blocks of the codec %s', async (codec) => {
    const file = await writeFile(schema, rows, { codec, rowsPerBlock: 4 })
    const { found, edit, bytes } = await eraseAll(file, searchFor([{ id: '5' }, { text: rows[6]!.text }]))
    expect(await texts(bytes)).toEqual(rows.filter(({ id }) => id !== 5 && id !== 6))
    expect(edit.summary).toMatchObject({ rowsBefore: 12, rowsErased: 2 })
    expect(found.estimate.keptBytes).toBe(edit.summary.keptBytes)
  })

  test('keeps the header, the other blocks and the sync markers as they lie', async () => {
    const file = await writeFile(schema, rows, {
      codec: 'deflate',
      rowsPerBlock: 4,
      metadata: { me: Buffer.from('x') },
    })
    const header = headerOf(schema, { codec: 'deflate', metadata: { me: Buffer.from('x') } })
    const { edit, bytes } = await eraseAll(file, searchFor([{ id: '5' }]))
    const firstBlock = await writeFile(schema, rows.slice(0, 4), { codec: 'deflate', rowsPerBlock: 4 })
    const lastBlock = await writeFile(schema, rows.slice(8), { codec: 'deflate', rowsPerBlock: 4 })
    const plainHeaderBytes = headerOf(schema, { codec: 'deflate' }).length
    const firstEnd = header.length + firstBlock.length - plainHeaderBytes
    const lastStart = file.length - (lastBlock.length - plainHeaderBytes)
    expect([...edit.pieces]).toEqual([
      { from: 'source', start: 0, end: firstEnd },
      { from: 'spool', start: 0, end: edit.summary.insertedBytes },
      { from: 'source', start: lastStart, end: file.length },
    ])
    expect(bytes.subarray(firstEnd, bytes.length - (file.length - lastStart)).subarray(-16)).toEqual(file.subarray(-16))
  })

  test('a block that loses every row goes', async () => {
    const file = await writeFile(schema, rows, { rowsPerBlock: 4 })
    const gone = [4, 5, 6, 7].map((id) => ({ id: `${id}` }))
    const { edit, bytes } = await eraseAll(file, searchFor(gone))
    expect(edit.summary.insertedBytes).toBe(0)
    expect(await texts(bytes)).toEqual(rows.filter(({ id }) => id < 4 || id > 7))
  })

  test('a file that loses every row keeps its header and is a file', async () => {
    const file = await writeFile(schema, rows, { codec: 'snappy' })
    const { bytes } = await eraseAll(file, searchFor(rows.map(({ id }) => ({ id: `${id}` }))))
    expect(bytes).toEqual(headerOf(schema, { codec: 'snappy' }))
    expect(await texts(bytes)).toEqual([])
  })

  test('every row of a folder goes with the folder', async () => {
    const partitions = [{ name: 'user', value: 'ann' }]
    const file = await writeFile(schema, rows, { codec: 'deflate' })
    const { found, bytes } = await eraseAll(file, searchFor([{ user: 'ann' }], partitions))
    expect(found.rows.size).toBe(12)
    expect(bytes).toEqual(headerOf(schema, { codec: 'deflate' }))
  })

  test('of rows without bytes leaves a smaller count', async () => {
    const union = { type: 'record', name: 'R', fields: [{ name: 'k', type: { type: 'fixed', name: 'F', size: 0 } }] }
    const file = Buffer.concat([headerOf(union), blockOf(1000, Buffer.alloc(0))])
    const { found, bytes } = await eraseAll(file, searchFor([{ k: '' }]))
    expect(found.rows.size).toBe(1000)
    expect(bytes).toEqual(headerOf(union))
  })

  test('reads deflate blocks that end with a part of a zlib checksum, as writers in Python make them', async () => {
    const deflated = await testCodecs.deflate(Buffer.from([6, 2, 0x61, 8, 2, 0x62]))
    // Adler-32 (RFC 1950) of these six bytes is 023600d6: 1 + their sum, and the sum of those sums.
    const adler = Buffer.from([0x02, 0x36, 0x00, 0xd6])
    const cut = Buffer.concat([
      headerOf(schema, { codec: 'deflate' }),
      blockOf(2, Buffer.concat([deflated, adler.subarray(0, 3)])),
    ])
    const { bytes } = await eraseAll(cut, searchFor([{ id: '4' }]))
    expect(await texts(bytes)).toEqual([{ id: 3, text: 'a' }])
    const other = Buffer.concat([
      headerOf(schema, { codec: 'deflate' }),
      blockOf(2, Buffer.concat([deflated, Buffer.from('ann')])),
    ])
    await expect(eraseAll(other, searchFor([{ id: '4' }]))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('of random schemas and rows keeps exactly the rows that do not match, as an independent reader sees them', async () => {
    const files = arbitraryType().chain((type) => {
      const { schema, value } = recordOf('Root', [
        { name: 'before', ...type },
        { name: 'id', schema: ['null', 'string', 'long'], value: keyValue },
        { name: 'after', schema: { type: 'array', items: 'int' }, value: fc.array(fc.integer(), { maxLength: 3 }) },
      ])
      return fc.record({
        schema: fc.constant(schema),
        rows: fc.array(value, { maxLength: 25 }) as fc.Arbitrary<{ id: unknown }[]>,
        codec: fc.constantFrom(...codecs),
        rowsPerBlock: fc.integer({ min: 1, max: 8 }),
      })
    })
    await fc.assert(
      fc.asyncProperty(files, fc.uniqueArray(fc.constantFrom('0', '1', '2', '3')), async (made, wanted) => {
        const file = await writeFile(made.schema, made.rows, made)
        const stays = made.rows.map(({ id }) => !wanted.some((text) => text === textOf(id)))
        const { found, edit, bytes } = await eraseAll(file, searchFor(wanted.map((id) => ({ id }))))
        const before = await readFile(file)
        expect(await readFile(bytes)).toEqual(before.filter((_, row) => stays[row]))
        expect(found.rows.size).toBe(stays.filter((isKept) => !isKept).length)
        expect(await findRows(bytes, searchFor(wanted.map((id) => ({ id }))))).toEqual([])
        if (found.rows.size === 0) expect(bytes.equals(file)).toBe(true)
        const untouched = Buffer.concat(
          [...edit.pieces].filter(isKept).map(({ start, end }) => file.subarray(start, end)),
        )
        expect(untouched.length).toBe(edit.summary.keptBytes)
      }),
      { numRuns: 150 },
    )
  })

  test('first of some and then of others is that of all', async () => {
    const file = await writeFile(schema, rows, { codec: 'zstandard', rowsPerBlock: 5 })
    const some = [{ id: '1' }, { id: '7' }]
    const others = [{ id: '2' }, { id: '7' }, { id: '11' }]
    const twice = await eraseAll((await eraseAll(file, searchFor(some))).bytes, searchFor(others))
    const once = await eraseAll(file, searchFor([...some, ...others]))
    expect(await texts(twice.bytes)).toEqual(await texts(once.bytes))
  })
})

const keyValue = fc.oneof(
  fc.constant(null),
  fc.constantFrom('0', '1', '2', '3').map((string) => ({ string })),
  fc.constantFrom(0n, 1n, 2n, 3n).map((long) => ({ long })),
)

function textOf(id: unknown): string {
  return id === null ? 'null' : `${Object.values(id as object)[0]}`
}

function isKept({ from }: Piece): boolean {
  return from === 'source'
}

describe('verify', () => {
  async function made() {
    const file = await writeFile(schema, rows, { codec: 'deflate', rowsPerBlock: 4 })
    const source = bytesSource(file)
    const search = searchFor([{ id: '5' }, { id: '0' }, { id: '1' }, { id: '2' }, { id: '3' }])
    const found = await avro.find(source, search)
    const spool = makeSpool()
    const edit = await avro.erase(source, { search, found, spool })
    return { file, source, search, found, spool, edit }
  }

  /** An edit of the same pieces but for what is put instead of the new block. */
  async function withBlock(block: (file: Buffer) => Promise<Buffer>) {
    const { file, source, search, found, spool, edit } = await made()
    const added = await spool.append(await block(file))
    const pieces = [...edit.pieces].map(
      (piece): Piece => (piece.from === 'spool' ? { from: 'spool', ...added } : piece),
    )
    const wrong = makeEdit(pieces, { spool, rowsBefore: 12, rowsErased: 5 })
    return avro.verify(source, { search, found, edit: wrong })
  }

  async function blockOfRows(...kept: { id: number; text: string }[]) {
    const file = await writeFile(schema, kept, { codec: 'deflate', rowsPerBlock: 9 })
    return file.subarray(headerOf(schema, { codec: 'deflate' }).length)
  }

  test('passes a block that holds the rows that stay', async () => {
    await expect(withBlock(() => blockOfRows(rows[4]!, rows[6]!, rows[7]!))).resolves.toBeUndefined()
  })

  const wrong: [string, () => Promise<Buffer>][] = [
    ['still holds a row', () => blockOfRows(rows[4]!, rows[5]!, rows[6]!, rows[7]!)],
    ['lost a row too many', () => blockOfRows(rows[4]!, rows[6]!)],
    ['changed a row', () => blockOfRows(rows[4]!, rows[6]!, { ...rows[7]!, text: 'x' })],
    ['changed the order', () => blockOfRows(rows[6]!, rows[4]!, rows[7]!)],
    [
      'holds a block too many',
      async () =>
        Buffer.concat([
          await blockOfRows(rows[4]!, rows[6]!, rows[7]!),
          blockOf(0, await testCodecs.deflate(Buffer.alloc(0))),
        ]),
    ],
    ['holds no block', () => Promise.resolve(Buffer.alloc(0))],
    ['holds garbage', () => Promise.resolve(Buffer.from('garbage'))],
    ['holds a row twice instead of another', () => blockOfRows(rows[4]!, rows[4]!, rows[7]!)],
    [
      'ends with another sync marker',
      async () =>
        Buffer.from(
          (await blockOfRows(rows[4]!, rows[6]!, rows[7]!)).map((byte, at, all) =>
            at === all.length - 1 ? byte ^ 1 : byte,
          ),
        ),
    ],
  ]
  test.each(wrong)('does not pass a block that %s', async (_, block) => {
    await expect(withBlock(block)).rejects.toMatchObject({ code: 'not-verified' })
  })

  test('does not pass an edit that drops, moves or repeats what it keeps', async () => {
    const { source, search, found, spool, edit } = await made()
    const pieces = [...edit.pieces]
    const faults: Piece[][] = [
      pieces.slice(1),
      pieces.slice(0, -1),
      [...pieces, pieces.at(-1)!],
      pieces.toReversed(),
      pieces.map((piece, at) => (at === 0 ? { ...piece, end: piece.end + 1 } : piece)),
      pieces.filter(isKept),
    ]
    for (const fault of faults) {
      const wrong = makeEdit(fault, { spool, rowsBefore: 12, rowsErased: 5 })
      await expect(avro.verify(source, { search, found, edit: wrong })).rejects.toMatchObject({ code: 'not-verified' })
    }
  })

  test('does not pass counts that are wrong', async () => {
    const { source, search, found, edit } = await made()
    for (const count of ['rowsBefore', 'rowsErased', 'keptBytes', 'insertedBytes'] as const) {
      const wrong = { ...edit, summary: { ...edit.summary, [count]: edit.summary[count] + 1 } }
      await expect(avro.verify(source, { search, found, edit: wrong })).rejects.toMatchObject({ code: 'not-verified' })
    }
  })

  test('does not pass rows that do not match, though the edit agrees with them', async () => {
    const { source, search, found, spool } = await made()
    const planted = {
      ...found,
      rows: Ranges.of([
        { start: 0, end: 4 },
        { start: 6, end: 7 },
      ]),
    }
    const edit = await avro.erase(source, { search, found: planted, spool })
    await expect(avro.verify(source, { search, found: planted, edit })).rejects.toMatchObject({ code: 'not-verified' })
  })
})

describe('a damaged file', () => {
  const search = searchFor([{ id: '5' }])

  async function refusal(file: Buffer): Promise<string> {
    try {
      await eraseAll(file, search)
      return 'read'
    } catch (error) {
      if (error instanceof LetheError && error.outcome === 'refused') return error.code
      throw error
    }
  }

  test.each<[string, (file: Buffer) => Buffer]>([
    ['cut in its last block', (file) => file.subarray(0, -3)],
    ['cut in its header', (file) => file.subarray(0, 30)],
    ['with bytes after its last block', (file) => Buffer.concat([file, Buffer.from([0])])],
    ['with a wrong sync marker', (file) => Buffer.concat([file.subarray(0, -1), Buffer.from([0])])],
    [
      'with a row too many in its count',
      (file) => Buffer.concat([file, blockOf(3, Buffer.from([2, 2, 97, 4, 2, 98]))]),
    ],
    ['with a row too few in its count', (file) => Buffer.concat([file, blockOf(1, Buffer.from([2, 2, 97, 4, 2, 98]))])],
    ['with a negative count of rows', (file) => Buffer.concat([file, blockOf(-1, Buffer.from([2, 2, 97]))])],
    ['with a count of rows beyond any', (file) => Buffer.concat([file, blockOf(2n ** 62n, Buffer.from([2, 2, 97]))])],
    ['with a string longer than its block', (file) => Buffer.concat([file, blockOf(1, Buffer.from([2, 200, 1, 97]))])],
    ['with a string of negative length', (file) => Buffer.concat([file, blockOf(1, Buffer.from([2, 1]))])],
    [
      'with an int of more than 32 bits',
      (file) => Buffer.concat([file, blockOf(1, Buffer.from([255, 255, 255, 255, 127, 0]))]),
    ],
  ])('%s is malformed', async (_, damage) => {
    expect(await refusal(damage(await writeFile(schema, rows)))).toBe('malformed')
  })

  test('whose codec is unknown is unsupported', async () => {
    const file = headerOf(schema, { metadata: { 'avro.codec': Buffer.from('lzo') } })
    expect(await refusal(file)).toBe('unsupported')
  })

  test('of any single byte is either refused or read, whatever the codec', async () => {
    for (const codec of codecs) {
      const file = await writeFile(schema, rows, { codec, rowsPerBlock: 6 })
      const flips = fc.record({ at: fc.nat(file.length - 1), bit: fc.nat(7) })
      await fc.assert(
        fc.asyncProperty(flips, async ({ at, bit }) => {
          const damaged = Buffer.from(file)
          damaged[at]! ^= 1 << bit
          await refusal(damaged)
        }),
        { numRuns: 150 },
      )
    }
  })

  test('with a checksum is never laundered: no flipped bit of a block of snappy or xz is read', async () => {
    for (const codec of ['snappy', 'xz'] as const) {
      const file = await writeFile(schema, rows, { codec, rowsPerBlock: 12 })
      const start = headerOf(schema, { codec }).length + 3
      for (let at = start; at < file.length; at += 7) {
        const damaged = Buffer.from(file)
        damaged[at]! ^= 4
        expect(await refusal(damaged)).not.toBe('read')
      }
    }
  })

  test('of a snappy block that announces gigabytes is refused before they are allocated', async () => {
    const bomb = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0])
    expect(await refusal(Buffer.concat([headerOf(schema, { codec: 'snappy' }), blockOf(1, bomb)]))).toBe(
      'limit-exceeded',
    )
  })

  test('of arrays without bytes in huge numbers costs nothing', async () => {
    const nulls = {
      type: 'record',
      name: 'R',
      fields: [{ name: 'a', type: { type: 'array', items: 'null' } }, ...schema.fields],
    }
    const huge = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 10, 2, 97])
    const { bytes } = await eraseAll(Buffer.concat([headerOf(nulls), blockOf(1, huge)]), search)
    expect(bytes).toEqual(headerOf(nulls))
  })

  test('of rows nested a hundred thousand deep is read without recursion', async () => {
    const list = {
      type: 'record',
      name: 'L',
      fields: [
        { name: 'id', type: 'int' },
        { name: 'next', type: ['null', 'L'] },
      ],
    }
    const deep = Buffer.concat([
      Buffer.from([10, 2].concat(Array.from({ length: 200_000 }, (_, at) => (at % 2 === 0 ? 0 : 2)))),
      Buffer.from([0, 0]),
    ])
    const { bytes } = await eraseAll(
      Buffer.concat([headerOf(list), blockOf(2, Buffer.concat([deep, Buffer.from([2, 0])]))]),
      search,
    )
    expect(await texts(bytes)).toEqual([{ id: 1, next: null }])
  })

  test('of a record that can have no end is refused', async () => {
    const endless = { type: 'record', name: 'L', fields: [{ name: 'next', type: 'L' }, ...schema.fields] }
    expect(await refusal(Buffer.concat([headerOf(endless), blockOf(1, Buffer.from([0]))]))).toBe('limit-exceeded')
  })
})

describe.skipIf(!hasShared('corpora', 'avro'))('files of other writers (need the shared material)', () => {
  const folder = sharedPath('corpora', 'avro')
  const damaged = [
    'avro-1237-bad-union-discriminant.avro',
    'avro-1238-truncated.avro',
    // A line feed after the last block.
    'person-10.no-codec.avro',
  ]
  const columns: Readonly<Record<string, string>> = {
    'avro-1279-codec.avro': 'intField',
    'avro-1279-no-codec.avro': 'intField',
    'data.avro': 'data1',
    'person-10.avro': 'name',
    'syncInMeta.avro': 'ID',
    'weather.avro': 'station',
    'weather-deflate.avro': 'station',
    'weather-snappy.avro': 'station',
    'weather-sorted.avro': 'station',
    'weather-zstd.avro': 'station',
  }

  test.each(damaged)('%s is malformed', async (name) => {
    const found = avro.find(bytesSource(readFileSync(`${folder}/${name}`)), searchFor([{ k: 'x' }]))
    await expect(found).rejects.toMatchObject({ code: 'malformed' })
  })

  test.each(['avro-1237-good.avro', 'avro-1238-good.avro'])('%s has rows and no columns', async (name) => {
    const file = readFileSync(`${folder}/${name}`)
    const found = await avro.find(bytesSource(file), searchFor([{ k: 'x' }]))
    // null and 100
    expect(found.rowsSeen).toBe(2)
    expect(found.columns.size).toBe(0)
  })

  test.each(Object.entries(columns))('%s loses the rows of one %s', async (name, column) => {
    const file = readFileSync(`${folder}/${name}`)
    const before = await readFile(file)
    const keyOf = (row: string) => valueText((JSON.parse(row) as Record<string, unknown>)[column])
    const key = keyOf(before[1] ?? before[0]!)
    const { bytes } = await eraseAll(file, searchFor([{ [column]: key }]))
    expect(await readFile(bytes)).toEqual(before.filter((row) => keyOf(row) !== key))
  })
})

/** The text of a value as the independent reader prints it, inside its union or not. */
function valueText(value: unknown): string {
  return `${typeof value === 'object' && value !== null ? Object.values(value)[0] : value}`
}
