import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bind } from '../../../domain/predicate.ts'
import { bytesSource } from '../../range-source.ts'
import { find } from './find.ts'

let folder: string
let duckdb: DuckDBConnection

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-matching-'))
  duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  await duckdb.run("set TimeZone = 'UTC'")
})

afterAll(() => rm(folder, { recursive: true }))

/** A file with the column `k` that holds the given SQL values, and a null behind them. */
async function fileOf(sqlType: string, values: readonly string[], options = ''): Promise<Uint8Array> {
  const path = join(folder, 'k.parquet')
  const rows = [...values, 'null'].map((value) => `((${value})::${sqlType})`).join(', ')
  await duckdb.run(`copy (select k from (values ${rows}) t(k)) to '${path}' (format parquet${options})`)
  return readFile(path)
}

async function findIn(file: Uint8Array, text: string) {
  const predicate = bind([{ kind: 'simple', column: 'k', value: text, position: 0 }])
  const found = await find(bytesSource(file), { predicate, partitions: [], malformed: 'refuse' })
  const rows = [...found.rows].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at))
  return { rows, warnings: found.warnings }
}

const notOfType = [{ code: 'value-not-of-type', count: 1 }]

interface Case {
  readonly type: string
  readonly values: readonly string[]
  /** Text and the ordinals of the values that it equals; null where it cannot be of the type. */
  readonly texts: readonly (readonly [string, readonly number[] | null])[]
}

const cases: readonly Case[] = [
  {
    type: 'varchar',
    values: ["'a'", "' a'", "''", "'é'", "'e\u0301'", "'42'", "'007'", "'A'"],
    texts: [
      ['a', [0]],
      [' a', [1]],
      ['', [2]],
      ['é', [3]],
      ['e\u0301', [4]],
      ['42', [5]],
      ['42.0', []],
      ['007', [6]],
      ['7', []],
      ['A', [7]],
      ['\ud800', null],
    ],
  },
  {
    type: 'integer',
    values: ['0', '42', '-42', '2147483647', '-2147483648', '42'],
    texts: [
      ['0', [0]],
      ['-0', [0]],
      ['0.0', [0]],
      ['42', [1, 5]],
      ['42.000', [1, 5]],
      ['-42', [2]],
      ['2147483647', [3]],
      ['-2147483648', [4]],
      ['2147483648', null],
      ['-2147483649', null],
      ['042', null],
      ['4.2e1', null],
      ['42 ', null],
      ['42.5', null],
      ['', null],
      ['+42', null],
    ],
  },
  {
    type: 'bigint',
    values: ['9007199254740992', '9007199254740993', '-9223372036854775808', '9223372036854775807', '-1'],
    texts: [
      ['9007199254740993', [1]],
      ['9007199254740992', [0]],
      ['-9223372036854775808', [2]],
      ['9223372036854775807.0', [3]],
      ['9223372036854775808', null],
      ['18446744073709551615', null],
      ['-1', [4]],
    ],
  },
  {
    type: 'ubigint',
    values: ['18446744073709551615', '0', '9223372036854775808'],
    texts: [
      ['18446744073709551615', [0]],
      ['9223372036854775808', [2]],
      ['-1', null],
      ['18446744073709551616', null],
    ],
  },
  {
    type: 'uinteger',
    values: ['4294967295', '0', '2147483648'],
    texts: [
      ['4294967295', [0]],
      ['2147483648', [2]],
      ['-1', null],
      ['4294967296', null],
    ],
  },
  ...(['tinyint', 'smallint'] as const).map((type) => ({
    type,
    values: ['-128', '127', '0'],
    texts: [
      ['-128', [0]],
      ['127', [1]],
      ['70000', null],
    ] as const,
  })),
  ...(['utinyint', 'usmallint'] as const).map((type) => ({
    type,
    values: ['255', '0'],
    texts: [
      ['255', [0]],
      ['-1', null],
      ['70000', null],
    ] as const,
  })),
  ...(['decimal(9,2)', 'decimal(18,2)', 'decimal(38,2)'] as const).map((type) => ({
    type,
    values: ['0', '-0.01', '12.5', '-12.50', '128', '1234567.89', '-1.28', '-2.56'],
    texts: [
      ['0.00', [0]],
      ['-0.01', [1]],
      ['12.5', [2]],
      ['12.500', [2]],
      ['-12.5', [3]],
      ['128', [4]],
      ['1234567.89', [5]],
      ['-1.28', [6]],
      ['-2.56', [7]],
      ['0.001', null],
      ['1e2', null],
    ] as const,
  })),
  {
    type: 'float',
    values: ['0.1', '16777216', "'-0'", '0', "'nan'", "'inf'", '1.5', '3.4028234663852886e38'],
    texts: [
      ['0.1', [0]],
      ['0.10', [0]],
      ['0.100000001490116119384765625', [0]],
      ['0.10000000149011612', null],
      ['16777216', [1]],
      ['16777217', null],
      ['0', [2, 3]],
      ['-0', [2, 3]],
      ['1.5', [6]],
      ['340282346638528859811704183484516925440', [7]],
      ['NaN', null],
      ['Infinity', null],
      ['1.5e0', null],
    ],
  },
  {
    type: 'double',
    values: ['0.1', '9007199254740992', "'-0'", '0', "'nan'", '1e300', '5e-324'],
    texts: [
      ['0.1', [0]],
      ['0.1000000000000000055511151231257827021181583404541015625', [0]],
      ['9007199254740992', [1]],
      ['9007199254740993', null],
      ['-0.0', [2, 3]],
      [`1${'0'.repeat(300)}`, [5]],
      [`0.${'0'.repeat(323)}5`, [6]],
      ['nan', null],
    ],
  },
  {
    type: 'boolean',
    values: ['true', 'false', 'true'],
    texts: [
      ['true', [0, 2]],
      ['false', [1]],
      ['True', null],
      ['1', null],
      ['0', null],
    ],
  },
  {
    type: 'uuid',
    values: ["'00112233-4455-6677-8899-aabbccddeeff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    texts: [
      ['00112233-4455-6677-8899-aabbccddeeff', [0]],
      ['00112233-4455-6677-8899-AABBCCDDEEFF', [0]],
      ['ffffffff-ffff-ffff-ffff-ffffffffffff', [1]],
      ['00112233445566778899aabbccddeeff', null],
      ['{00112233-4455-6677-8899-aabbccddeeff}', null],
    ],
  },
  {
    type: 'date',
    values: ["'1970-01-01'", "'2024-02-29'", "'0001-01-01'", "'9999-12-31'"],
    texts: [
      ['1970-01-01', [0]],
      ['2024-02-29', [1]],
      ['0001-01-01', [2]],
      ['9999-12-31', [3]],
      ['2024-2-29', null],
      ['2023-02-29', null],
      ['2024-02-29T00:00:00', null],
    ],
  },
  {
    type: 'timestamp',
    values: ["'2024-02-29 12:34:56.789012'", "'1969-12-31 23:59:59.999999'", "'2024-01-01'"],
    texts: [
      ['2024-02-29T12:34:56.789012', [0]],
      ['2024-02-29 12:34:56.789012000', [0]],
      ['2024-02-29T12:34:56.789', []],
      ['1969-12-31T23:59:59.999999', [1]],
      ['2024-01-01T00:00', [2]],
      ['2024-01-01', null],
      ['2024-02-29T12:34:56.789012Z', null],
      ['2024-02-29T12:34:56.7890121', null],
    ],
  },
  {
    type: 'timestamptz',
    values: ["'2024-02-29 12:34:56.789012+00'", "'1816-03-29 00:00:00+00'", "'9999-12-31 00:00:00+00'"],
    texts: [
      ['2024-02-29T12:34:56.789012Z', [0]],
      ['2024-02-29T14:34:56.789012+02:00', [0]],
      ['2024-02-29T12:34:56.789012', [0]],
      ['9999-12-31T00:00:00Z', [2]],
      ['2024-02-29', null],
    ],
  },
  {
    type: 'timestamp_ns',
    values: ["'2024-02-29 12:34:56.789012345'"],
    texts: [
      ['2024-02-29T12:34:56.789012345', [0]],
      ['2024-02-29T12:34:56.789012346', []],
    ],
  },
  {
    type: 'timestamp_ms',
    values: ["'2024-02-29 12:34:56.789'"],
    texts: [
      ['2024-02-29T12:34:56.789', [0]],
      ['2024-02-29T12:34:56.78900', [0]],
      ['2024-02-29T12:34:56.7891', null],
    ],
  },
  {
    type: 'time',
    values: ["'12:34:56.5'", "'00:00:00'"],
    texts: [
      ['12:34:56.5', [0]],
      ['12:34:56.500000', [0]],
      ['00:00', [1]],
      ['12:34:56.5Z', null],
      ['24:00:00', null],
    ],
  },
  {
    type: 'blob',
    values: ["'abc'", "'\\xC3\\xA9'", "''", "'\\xFF\\xFE'"],
    texts: [
      ['abc', [0]],
      ['é', [1]],
      ['', [2]],
      ['\ufffd\ufffd', []],
    ],
  },
  {
    type: "enum('x', 'y')",
    values: ["'x'", "'y'", "'x'"],
    texts: [
      ['x', [0, 2]],
      ['z', []],
    ],
  },
  {
    type: 'json',
    values: [`'{"a":1}'`, `'{"a": 1}'`],
    texts: [
      ['{"a":1}', [0]],
      ['{"a": 1}', [1]],
    ],
  },
]

describe('a value equals a text', () => {
  for (const { type, values, texts } of cases) {
    it.each(['', ', parquet_version v2', ', dictionary_size_limit 1', ', write_bloom_filter false, codec zstd'])(
      `of ${type}, written with the options "%s"`,
      async (options) => {
        const file = await fileOf(type, values, options)
        for (const [text, expected] of texts) {
          const { rows, warnings } = await findIn(file, text)
          expect({ text, rows, warnings }).toEqual({
            text,
            rows: expected ?? [],
            warnings: expected === null ? notOfType : [],
          })
        }
      },
    )
  }

  it('of every type, after the file was compressed, with bloom filters and dictionaries over repeated values', async () => {
    for (const { type, values, texts } of cases) {
      const repeated = Array.from({ length: 40 }, () => values).flat()
      const file = await fileOf(type, repeated)
      for (const [text, expected] of texts) {
        const { rows } = await findIn(file, text)
        expect({ type, text, count: rows.length }).toEqual({ type, text, count: 40 * (expected?.length ?? 0) })
      }
    }
  })
})

describe('a value equals a text whatever its bytes', () => {
  const oneColumn = (element: SchemaElement): SchemaElement[] => [{ name: 'root', num_children: 1 }, element]
  const write = (element: SchemaElement, data: unknown[]) =>
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'k', data: data as never }], schema: oneColumn(element) }))

  it('of decimals in byte arrays with sign extension', async () => {
    const element: SchemaElement = { name: 'k', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' }
    const file = write(
      element,
      [[5], [0, 5], [0, 0, 0, 5], [0xff, 0xfb], [0xfb], [0, 0x80], [0x80], [0], [0, 0]].map((bytes) =>
        Uint8Array.from(bytes),
      ),
    )
    const decimals = asDecimal(file, { scale: 1, precision: 9 })
    expect((await findIn(decimals, '0.5')).rows).toEqual([0, 1, 2])
    expect((await findIn(decimals, '-0.5')).rows).toEqual([3, 4])
    expect((await findIn(decimals, '12.8')).rows).toEqual([5])
    expect((await findIn(decimals, '-12.8')).rows).toEqual([6])
    expect((await findIn(decimals, '0')).rows).toEqual([7, 8])
  })

  it('of half floats', async () => {
    const element: SchemaElement = {
      name: 'k',
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 2,
      repetition_type: 'REQUIRED',
      logical_type: { type: 'FLOAT16' },
    }
    const file = write(element, [0.1, -0, 0, 65504, 2 ** -24, Number.NaN])
    expect((await findIn(file, '0.1')).rows).toEqual([0])
    expect((await findIn(file, '0')).rows).toEqual([1, 2])
    expect((await findIn(file, '65504')).rows).toEqual([3])
    expect((await findIn(file, '0.000000059604644775390625')).rows).toEqual([4])
    expect((await findIn(file, '65505')).warnings).toEqual(notOfType)
  })

  it('of fixed byte arrays: a text of another length is none of them', async () => {
    const element: SchemaElement = {
      name: 'k',
      type: 'FIXED_LEN_BYTE_ARRAY',
      type_length: 3,
      repetition_type: 'REQUIRED',
    }
    const file = write(
      element,
      ['abc', 'abd', 'é1'].map((text) => Buffer.from(text)),
    )
    expect((await findIn(file, 'abd')).rows).toEqual([1])
    expect((await findIn(file, 'é1')).rows).toEqual([2])
    expect((await findIn(file, 'ab')).warnings).toEqual(notOfType)
  })
})

/** Makes the only column's element a decimal, by adding the converted type, scale and precision to its Thrift. */
function asDecimal(file: Uint8Array, { scale, precision }: { scale: number; precision: number }): Uint8Array {
  // SchemaElement "k": field 4 (name) is the last one; converted_type 6, scale 7 and precision 8 follow it.
  const name = Buffer.from([0x18, 1, 'k'.charCodeAt(0)])
  const at = Buffer.from(file).lastIndexOf(Buffer.concat([name, Buffer.of(0)]))
  const added = Buffer.of(0x25, 2 * 5, 0x15, 2 * scale, 0x15, 2 * precision)
  const result = Buffer.concat([file.subarray(0, at + 3), added, file.subarray(at + 3)])
  const lengthAt = result.length - 8
  result.writeUInt32LE(result.readUInt32LE(lengthAt) + added.length, lengthAt)
  return result
}
