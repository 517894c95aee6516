import { describe, expect, test } from 'vitest'
import { blockOf, headerOf, longBytes, writeFile } from '../../../test/avro/container-file.ts'
import { findRows, searchFor, type Wanted } from '../../../test/avro/erase-all.ts'
import { bytesSource } from '../range-source.ts'
import { avro } from './avro.ts'

function record(fields: Record<string, unknown>, name = 'Row') {
  return { type: 'record', name, fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })) }
}

/** The rows of a file with one column `k` that equal the text. */
async function rowsEqual(type: unknown, values: readonly unknown[], text: string): Promise<number[]> {
  const file = await writeFile(
    record({ before: 'string', k: type, after: 'int' }),
    values.map((k) => ({ before: 'x', k, after: 7 })),
  )
  return await findRows(file, searchFor([{ k: text }]))
}

function fixed(size: number, logicalType?: string, more: object = {}) {
  return { type: 'fixed', name: 'F', size, ...(logicalType === undefined ? {} : { logicalType }), ...more }
}

const millis = Date.UTC(2020, 1, 29, 12, 30, 15, 250)
const uuid = '0F8fad5b-d9cb-469f-a165-70867728950e'
const uuidBytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')

describe('a value of a type equals a text', () => {
  const cases: [string, unknown, readonly unknown[], string, number[]][] = [
    ['string: the same characters', 'string', ['a', 'A', ' a', 'a', ''], 'a', [0, 3]],
    ['string: the empty text is a value', 'string', ['a', ''], '', [1]],
    ['string: 42.0 is not 42', 'string', ['42', '42.0'], '42', [0]],
    ['bytes: the text in UTF-8', 'bytes', [Buffer.from('é'), Buffer.from('e')], 'é', [0]],
    ['fixed: the text in UTF-8', fixed(2), [Buffer.from('é'), Buffer.from('ee')], 'é', [0]],
    ['int: the same number', 'int', [42, -42, 420, 4], '42.0', [0]],
    ['int: 007 is only text', 'int', [7], '007', []],
    ['int: the least and the greatest', 'int', [-(2 ** 31), 2 ** 31 - 1], '-2147483648', [0]],
    ['long: beyond doubles', 'long', [9007199254740992n, 9007199254740993n], '9007199254740993', [1]],
    ['long: the least', 'long', [-(2n ** 63n), 2n ** 63n - 1n], '-9223372036854775808', [0]],
    ['long: the greatest', 'long', [-(2n ** 63n), 2n ** 63n - 1n], '9223372036854775807', [1]],
    ['long: one beyond the greatest is none', 'long', [2n ** 63n - 1n], '9223372036854775808', []],
    ['long: 2 ** 48 and its neighbours', 'long', [2n ** 48n - 1n, 2n ** 48n, -(2n ** 48n)], '-281474976710656', [2]],
    ['float: its shortest print', 'float', [Math.fround(0.1), 0.5], '0.10', [0]],
    ['float: 16777217 is no float32', 'float', [16777216], '16777217', []],
    ['double: exactly', 'double', [0.1, 0.5, 1e300], '0.5', [1]],
    ['double: both zeros are zero', 'double', [-0, 0, Number.NaN], '0', [0, 1]],
    ['boolean: never 1', 'boolean', [true, false], '1', []],
    ['boolean: true', 'boolean', [true, false, true], 'true', [0, 2]],
    ['enum: its symbol', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, ['A', 'B'], 'B', [1]],
    ['null: never', 'null', [null], '', []],
    [
      'decimal on bytes: sign extension changes nothing',
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
      [Buffer.from([0x04, 0xd2]), Buffer.from([0, 0, 4, 0xd2]), Buffer.from([0xfb, 0x2e]), Buffer.from([4])],
      '12.340',
      [0, 1],
    ],
    [
      'decimal: negative',
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
      [Buffer.from([0x04, 0xd2]), Buffer.from([0xfb, 0x2e]), Buffer.from([0xff, 0xff, 0xfb, 0x2e])],
      '-12.34',
      [1, 2],
    ],
    [
      'decimal on a wide fixed',
      fixed(16, 'decimal', { precision: 38, scale: 0 }),
      [Buffer.from('0000000000000001'.repeat(2), 'hex'), Buffer.alloc(16, 255)],
      '18446744073709551617',
      [0],
    ],
    [
      'decimal: minus one on a wide fixed',
      fixed(16, 'decimal', { precision: 38, scale: 0 }),
      [Buffer.from('0000000000000001'.repeat(2), 'hex'), Buffer.alloc(16, 255)],
      '-1',
      [1],
    ],
    ['uuid on string: digits in either case', { type: 'string', logicalType: 'uuid' }, [uuid], uuid.toLowerCase(), [0]],
    ['uuid on string: what is none is its text', { type: 'string', logicalType: 'uuid' }, ['n/a'], 'n/a', [0]],
    ['uuid on fixed', fixed(16, 'uuid'), [Buffer.alloc(16), uuidBytes], uuid.toUpperCase(), [1]],
    ['date', { type: 'int', logicalType: 'date' }, [18321, 18322], '2020-02-29', [0 + 0]],
    ['date: a number is none', { type: 'int', logicalType: 'date' }, [18321], '18321', []],
    ['time-millis', { type: 'int', logicalType: 'time-millis' }, [0, 45_015_250], '12:30:15.25', [1]],
    ['time-micros', { type: 'long', logicalType: 'time-micros' }, [45_015_250_001n], '12:30:15.250001', [0]],
    [
      'timestamp-millis: an instant, in any offset',
      { type: 'long', logicalType: 'timestamp-millis' },
      [BigInt(millis), BigInt(millis) + 1n],
      '2020-02-29T14:30:15.250+02:00',
      [0],
    ],
    ['timestamp: a bare date is none', { type: 'long', logicalType: 'timestamp-millis' }, [0n], '1970-01-01', []],
    [
      'timestamp-millis: a finer text equals none',
      { type: 'long', logicalType: 'timestamp-millis' },
      [BigInt(millis)],
      '2020-02-29T12:30:15.2501Z',
      [],
    ],
    [
      'timestamp-micros',
      { type: 'long', logicalType: 'timestamp-micros' },
      [BigInt(millis) * 1000n + 1n],
      '2020-02-29T12:30:15.250001Z',
      [0],
    ],
    [
      'timestamp-nanos',
      { type: 'long', logicalType: 'timestamp-nanos' },
      [BigInt(millis) * 1_000_000n + 1n],
      '2020-02-29T12:30:15.250000001',
      [0],
    ],
    [
      'local-timestamp-micros: without an offset',
      { type: 'long', logicalType: 'local-timestamp-micros' },
      [BigInt(millis) * 1000n],
      '2020-02-29T12:30:15.25',
      [0],
    ],
    [
      'local-timestamp: an offset is none',
      { type: 'long', logicalType: 'local-timestamp-millis' },
      [BigInt(millis)],
      '2020-02-29T12:30:15.25Z',
      [],
    ],
    ['an unknown logical type on a long leaves a long', { type: 'long', logicalType: 'fancy' }, [5n], '5', [0]],
    [
      'union: the branch of the row decides',
      ['null', 'string', 'long', 'double'],
      [null, { string: '42' }, { long: 42n }, { double: 42 }, { string: '42.0' }],
      '42',
      [1, 2, 3],
    ],
  ]
  test.each(cases)('%s', async (_, type, values, text, rows) => {
    expect(await rowsEqual(type, values, text)).toEqual(rows)
  })

  test('two texts that are one number are two matches of the same row', async () => {
    const file = await writeFile(record({ k: 'int' }), [{ k: 42 }, { k: 1 }])
    const found = await avro.find(bytesSource(file), searchFor([{ k: '42' }, { k: '42.0' }]))
    expect(found.rows.size).toBe(1)
    expect([...found.hits]).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  test('texts that the type cannot hold match nothing and are counted', async () => {
    const file = await writeFile(record({ k: ['null', 'int'] }), [{ k: { int: 1 } }])
    const found = await avro.find(bytesSource(file), searchFor([{ k: 'x' }, { k: '1' }, { k: '1.5' }]))
    expect(found.warnings).toEqual([{ code: 'value-not-of-type', count: 2 }])
    expect(found.rows.size).toBe(1)
  })
})

describe('a column', () => {
  const person = record({ id: 'string', tags: { type: 'array', items: ['null', 'string'] } }, 'Person')
  const schema = record({
    ID: 'string',
    user: ['null', person],
    items: { type: 'array', items: record({ user_id: 'long', deep: { type: 'array', items: 'Person' } }, 'Item') },
    extra: { type: 'map', values: 'string' },
  })
  const ann = { id: 'ann', tags: [{ string: 'x' }, null] }
  const bob = { id: 'bob', tags: [] }
  const rows = [
    { ID: '1', user: null, items: [], extra: { id: 'ann' } },
    { ID: '2', user: { Person: ann }, items: [{ user_id: 1n, deep: [] }], extra: {} },
    {
      ID: '3',
      user: { Person: bob },
      items: [
        { user_id: 1n, deep: [bob] },
        { user_id: 2n, deep: [bob, ann] },
      ],
      extra: {},
    },
  ]

  test.each<[string, Wanted, number[]]>([
    ['by its name', { ID: '2' }, [1]],
    ['that differs in case alone, where no other is', { id: '3' }, [2]],
    ['in a record, through a union', { 'user.id': 'bob' }, [2]],
    ['in a record, in another case', { 'USER.Id': 'bob' }, [2]],
    ['any item of an array', { 'items[].user_id': '2' }, [2]],
    ['any item, more than one', { 'items[].user_id': '1' }, [1, 2]],
    ['arrays in arrays', { 'items[].deep[].id': 'ann' }, [2]],
    ['items that are values', { 'user.tags[]': 'x' }, [1]],
    ['items of arrays of a type that is used twice', { 'items[].deep[].tags[]': 'x' }, [2]],
    ['in a tuple', { 'user.id': 'bob', ID: '3' }, [2]],
    ['in a tuple that holds in no single row', { 'user.id': 'bob', ID: '2' }, []],
    ['in a tuple with any item', { 'items[].user_id': '1', 'user.id': 'ann' }, [1]],
  ])('%s', async (_, wanted, expected) => {
    expect(await findRows(await writeFile(schema, rows), searchFor([wanted]))).toEqual(expected)
  })

  test.each<[string, string]>([
    ['a record', 'user'],
    ['an array', 'items'],
    ['a map', 'extra'],
    ['a path into a map', 'extra.id'],
    ['a path into an array without []', 'items.user_id'],
  ])('%s cannot be a key', async (_, column) => {
    const found = findRows(await writeFile(schema, rows), searchFor([{ [column]: 'ann' }]))
    await expect(found).rejects.toMatchObject({ code: 'unsupported-key' })
  })

  test.each<[string, unknown]>([
    ['duration', fixed(12, 'duration')],
    ['a decimal without a precision', { type: 'bytes', logicalType: 'decimal' }],
    ['an unknown logical type on bytes', { type: 'bytes', logicalType: 'big-decimal' }],
    ['a logical type on the wrong base', { type: 'long', logicalType: 'date' }],
    ['a union with an array', ['null', { type: 'array', items: 'string' }]],
  ])('%s cannot be a key', async (_, type) => {
    const file = await writeFile(record({ k: type }), [])
    await expect(findRows(file, searchFor([{ k: 'x' }]))).rejects.toMatchObject({ code: 'unsupported-key' })
  })

  test('several that differ in case alone are ambiguous, unless one is exact', async () => {
    const file = await writeFile(record({ id: 'string', ID: 'string' }), [{ id: 'a', ID: 'b' }])
    expect(await findRows(file, searchFor([{ ID: 'b' }]))).toEqual([0])
    await expect(findRows(file, searchFor([{ Id: 'b' }]))).rejects.toMatchObject({ code: 'ambiguous-column' })
  })

  test('that the file lacks is not among the columns found', async () => {
    const found = await avro.find(bytesSource(await writeFile(schema, rows)), searchFor([{ ID: '1' }, { nope: '1' }]))
    expect([...found.columns]).toEqual(['ID'])
    expect(found.rowsSeen).toBe(3)
  })

  test('of a partition folder is a column of every row, also in a tuple, and its name still tells', async () => {
    const file = await writeFile(schema, rows)
    const partitions = [{ name: 'day', value: 'monday' }]
    const byFolder = await avro.find(bytesSource(file), searchFor([{ day: 'monday' }], partitions))
    expect(byFolder.rows.size).toBe(3)
    expect(byFolder.warnings).toEqual([{ code: 'name-still-tells', count: 3 }])
    expect(await findRows(file, searchFor([{ DAY: 'monday', ID: '2' }], partitions))).toEqual([1])
    expect(await findRows(file, searchFor([{ day: 'tuesday', ID: '2' }], partitions))).toEqual([])
    expect(await findRows(file, searchFor([{ day: '' }], [{ name: 'day', value: null }]))).toEqual([])
    expect(await findRows(file, searchFor([{ ID: 'monday' }], [{ name: 'ID', value: 'monday' }]))).toEqual([])
  })
})

describe('a schema', () => {
  test('may contain itself', async () => {
    const schema = record({ id: 'string', next: ['null', 'Row'] })
    const chain = { id: 'a', next: { Row: { id: 'b', next: { Row: { id: 'c', next: null } } } } }
    const file = await writeFile(schema, [{ id: 'z', next: null }, chain])
    expect(await findRows(file, searchFor([{ id: 'a' }]))).toEqual([1])
    expect(await findRows(file, searchFor([{ 'next.next.id': 'c' }]))).toEqual([1])
    expect(await findRows(file, searchFor([{ 'next.id': 'c' }]))).toEqual([])
  })

  test('may be no record: its rows have no columns', async () => {
    const found = await avro.find(bytesSource(await writeFile('string', ['a', 'b', 'c', 'd'])), searchFor([{ k: 'a' }]))
    expect(found.rowsSeen).toBe(4)
    expect(found.rows.size + found.columns.size).toBe(0)
  })

  test('may be a union of records: each row has the columns of its own', async () => {
    const schema = [record({ id: 'string' }, 'A'), record({ n: 'int', id: 'int' }, 'B'), 'null']
    const file = await writeFile(schema, [{ A: { id: '7' } }, { B: { n: 1, id: 7 } }, null, { B: { n: 7, id: 1 } }])
    expect(await findRows(file, searchFor([{ id: '7' }]))).toEqual([0, 1])
  })

  test('of arrays is refused: its rows hold records that are no rows', async () => {
    const file = await writeFile({ type: 'array', items: 'string' }, [['a']])
    await expect(findRows(file, searchFor([{ k: 'a' }]))).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('names resolve in the namespace of the record around them', async () => {
    const inner = { ...record({ k: 'string' }, 'Inner'), namespace: 'b' }
    const outer = { ...record({ x: inner, y: 'b.Inner', z: ['null', 'Outer'] }, 'a.Outer') }
    const file = await writeFile(outer, [{ x: { k: '1' }, y: { k: '2' }, z: null }])
    expect(await findRows(file, searchFor([{ 'y.k': '2' }]))).toEqual([0])
  })

  test('of rows without a byte counts them without reading them', async () => {
    const file = Buffer.concat([headerOf(record({ n: 'null' })), blockOf(2n ** 52n, Buffer.alloc(0))])
    const found = await avro.find(
      bytesSource(file),
      searchFor([{ day: 'x', n: '' }, { day: 'x' }], [{ name: 'day', value: 'x' }]),
    )
    expect(found.rowsSeen).toBe(2 ** 52)
    expect(found.rows.size).toBe(2 ** 52)
  })

  test.each<[string, unknown]>([
    ['no JSON', '{'],
    ['a name that is not defined', record({ k: 'Nope' })],
    ['a name defined twice', record({ a: fixed(1), b: fixed(1) })],
    [
      'a field name twice',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' },
        ],
      },
    ],
    ['a name that is none', { type: 'record', name: '1R', fields: [] }],
    ['a union in a union', ['null', ['int']]],
    ['no fields', { type: 'record', name: 'R' }],
    ['a size that is none', { type: 'fixed', name: 'F', size: -1 }],
    ['a number', 7],
  ])('with %s is malformed', async (_, schema) => {
    const type = Buffer.from(schema === '{' ? '{' : JSON.stringify(schema))
    const file = Buffer.concat([headerOf('null', { metadata: { 'avro.schema': type } })])
    await expect(findRows(file, searchFor([{ k: 'a' }]))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('a hundred thousand types deep is read without recursion', async () => {
    const depth = 100_000
    const text = `${'{"type":"array","items":'.repeat(depth)}"null"${'}'.repeat(depth)}`
    const row = `{"type":"record","name":"R","fields":[{"name":"a","type":${text}},{"name":"k","type":"string"}]}`
    const value = Buffer.concat([longBytes(1), longBytes(0), longBytes(1), Buffer.from('x')])
    // One item of the outermost array, whose own arrays end at once.
    const file = Buffer.concat([
      headerOf('null', { metadata: { 'avro.schema': Buffer.from(row) } }),
      blockOf(1, Buffer.concat([longBytes(1), longBytes(0), longBytes(0), value.subarray(2)])),
    ])
    expect(await findRows(file, searchFor([{ k: 'x' }]))).toEqual([0])
    await expect(avro.inspect(bytesSource(file))).resolves.toMatchObject({ format: 'avro' })
  })
})
