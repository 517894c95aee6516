import { readFile } from 'node:fs/promises'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it } from 'vitest'
import { hasShared, sharedPath } from '../../../test/shared.ts'
import type { Fact } from '../format.ts'
import { bytesSource } from '../range-source.ts'
import { parquet } from './parquet.ts'

const probe = (name: string, content: string) => {
  const bytes = Buffer.from(content, 'latin1')
  return { name, size: bytes.length, head: bytes.subarray(0, 64), tail: bytes.subarray(-8) }
}

describe('detection', () => {
  it.each([
    ['a.bin', 'PAR1....PAR1', 'content'],
    ['a.bin', 'PARE....PARE', 'content'],
    ['a.bin', 'xxxx....PAR1', 'content'],
    ['a.bin', 'PAR1....xxxx', 'content'],
    ['a.parquet', '{"a":1}', 'name'],
    ['a.PARQ', '', 'name'],
    ['a.csv', 'PAR0', 'no'],
    ['parquet', 'x', 'no'],
  ])('%s with %s: %s', (name, content, vote) => {
    expect(parquet.detect(probe(name, content))).toBe(vote)
  })
})

describe('inspect', () => {
  it('tells of groups, chunks, pages and what there is of statistics and indexes, and never a value', async () => {
    const secret = 'ada@example.org'
    const file = parquetWriteBuffer({
      columnData: [
        {
          name: 'mail',
          data: [secret, `${secret}x`, secret, 'z'],
          encoding: 'PLAIN',
          bloomFilter: true,
          columnIndex: true,
        },
        { name: 'n', data: [4711, 4712, 4713, 4714], type: 'INT32' },
      ],
      rowGroupSize: 3,
      kvMetadata: [{ key: 'origin', value: 'of-nobody' }],
    })
    const { format, facts } = await parquet.inspect(bytesSource(new Uint8Array(file)))
    expect(format).toBe('parquet')
    expect(facts).toMatchObject({
      rows: 4,
      createdBy: 'hyparquet',
      keyValueNames: ['origin'],
      columns: [
        { name: 'mail', type: 'BYTE_ARRAY', meaning: 'string' },
        { name: 'n', type: 'INT32', repetition: 'optional' },
      ],
      rowGroups: [
        {
          rows: 3,
          columns: [
            {
              column: 'mail',
              codec: 'SNAPPY',
              hasBloomFilter: true,
              pages: [{ kind: 'data-v2', encoding: 'PLAIN', values: 3 }],
            },
            { column: 'n', hasBloomFilter: false },
          ],
        },
        { rows: 1 },
      ],
    })
    expect(JSON.stringify(facts)).toContain('"minValue"')
    expect(JSON.stringify(facts)).not.toMatch(/ada|4711|4714|nobody/)
  })

  it.skipIf(!hasShared('corpora', 'parquet-testing'))(
    'reads nested and sorted files (needs the shared material)',
    async () => {
      const inspectFile = async (name: string) =>
        (await parquet.inspect(bytesSource(await readFile(sharedPath('corpora', 'parquet-testing', 'data', name)))))
          .facts
      const sorted = (await inspectFile('sort_columns.parquet'))['rowGroups'] as { [name: string]: Fact }[]
      expect(sorted[0]?.['sortedBy']).toEqual([
        { column: 'a', descending: true },
        { column: 'b', descending: false },
      ])
      const nested = await inspectFile('nested_lists.snappy.parquet')
      expect(JSON.stringify(nested['columns'])).toContain('a.list.element.list.element.list.element')
    },
  )
})
