import { beforeAll, describe, expect, test } from 'vitest'
import { eraseFacts, type Facts, factsOf, type Outcome } from './law-facts.ts'

const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'
const exactFloat = '0.100000001490116119384765625'
const exactDouble = '0.1000000000000000055511151231257827021181583404541015625'

const ndjson: readonly Facts[] = [
  {
    format: 'ndjson',
    title: 'a string',
    values: ['"42"', '"42 "', '" 42"', '"42.0"', '"４２"', '"4\\u0032"', '""', '"0"', 'null', undefined, '"null"'],
    equals: { '42': [0, 5], '42 ': [1], ' 42': [2], '42.0': [3], '': [6], '0': [7], null: [10], '4.2e1': [] },
  },
  {
    format: 'ndjson',
    title: 'a string with escapes',
    values: [
      '"a\\/b\\n\\"\\\\"',
      '"a/b\\u000a\\u0022\\u005C"',
      '"\\ud83d\\ude00"',
      '"😀"',
      '"\\u00e9"',
      '"e\\u0301"',
      '"É"',
    ],
    equals: { 'a/b\n"\\': [0, 1], '😀': [2, 3], é: [4], 'e\u0301': [5] },
  },
  {
    format: 'ndjson',
    title: 'a number in any form',
    values: ['42', '42.0', '4.2e1', '420E-1', '0.042e+3', '"42"', '-42', '42.1', '4.2e01', '420', '42.000'],
    equals: {
      '42': [0, 1, 2, 3, 4, 5, 8, 10],
      '42.00': [0, 1, 2, 3, 4, 8, 10],
      '-42': [6],
      '4.2e1': [],
      '+42': [],
      '042': [],
      ' 42': [],
    },
  },
  {
    format: 'ndjson',
    title: 'a number beyond floats',
    values: [
      '9007199254740993',
      '9007199254740992',
      '9007199254740993.0',
      '9.007199254740993e15',
      '1e999999999',
      '1E400',
    ],
    equals: { '9007199254740993': [0, 2, 3], '9007199254740992': [1], '1e999999999': [], [`1${'0'.repeat(400)}`]: [5] },
  },
  {
    format: 'ndjson',
    title: 'zero',
    values: ['0', '-0', '0.0', '0e999999999', '-0.0e-5', '"0"', '"-0"', '1e-999999999', '""', 'false'],
    equals: { '0': [0, 1, 2, 3, 4, 5], '-0': [0, 1, 2, 3, 4, 6], '0.00': [0, 1, 2, 3, 4], '1e-999999999': [] },
  },
  {
    format: 'ndjson',
    title: 'a text that is no number',
    values: ['7', '"007"', '120000', '"12e4"', '0.5', '".5"', '5', '"5."'],
    equals: { '007': [1], '12e4': [3], '.5': [5], '5.': [7], '120000': [2] },
  },
  {
    format: 'ndjson',
    title: 'a boolean',
    values: ['true', 'false', '"true"', '1', '0', '"True"', '"1"'],
    equals: { true: [0, 2], false: [1], True: [5], '1': [3, 6], '0': [4] },
  },
]

const csv: readonly Facts[] = [
  {
    format: 'csv',
    title: 'a cell',
    values: ['42', '"42"', ' 42', '42.0', '042', '', '""', '"a""b"', '"x,\ny"', 'null', 'TRUE', 'true'],
    equals: {
      '42': [0, 1],
      ' 42': [2],
      '42.0': [3],
      '042': [4],
      '': [5, 6],
      'a"b': [7],
      'x,\ny': [8],
      null: [9],
      true: [11],
      '4.2e1': [],
    },
  },
]

const integers = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'].map(
  (type): Facts => ({
    format: 'parquet',
    title: type,
    type,
    values: ['42', '0', 'NULL', '127'],
    equals: {
      '42': [0],
      '42.0': [0],
      '0': [1],
      '-0': [1],
      '042': null,
      '4.2e1': null,
      '42.5': null,
      '': null,
      '127': [3],
    },
  }),
)

const parquet: readonly Facts[] = [
  ...integers,
  {
    format: 'parquet',
    title: 'BIGINT beyond doubles',
    type: 'BIGINT',
    values: ['9007199254740993', '9007199254740992', '-9223372036854775808', '9223372036854775807', '-1'],
    equals: {
      '9007199254740993': [0],
      '9007199254740992': [1],
      '-9223372036854775808': [2],
      '9223372036854775807': [3],
      '9223372036854775808': null,
      '18446744073709551615': null,
    },
  },
  {
    format: 'parquet',
    title: 'UBIGINT and UINTEGER beyond signed ones',
    type: 'UBIGINT',
    values: ['18446744073709551615', '9223372036854775808', '4294967295'],
    equals: { '18446744073709551615': [0], '9223372036854775808': [1], '4294967295': [2], '-1': null },
  },
  {
    format: 'parquet',
    title: 'UINTEGER',
    type: 'UINTEGER',
    values: ['4294967295', '1'],
    equals: { '4294967295': [0], '-1': null },
  },
  {
    format: 'parquet',
    title: 'DECIMAL in INT32',
    type: 'DECIMAL(4, 2)',
    values: ['1.50', '-1.50', '0', 'NULL', '15'],
    equals: { '1.5': [0], '1.50': [0], '1.500': [0], '-1.5': [1], '0': [2], '15': [4], '150': [], '1.505': null },
  },
  {
    format: 'parquet',
    title: 'DECIMAL in INT64',
    type: 'DECIMAL(18, 3)',
    values: ['123456789012345.678', '-0.001', '1'],
    equals: { '123456789012345.678': [0], '-0.001': [1], '1.000': [2], '1000': [] },
  },
  {
    format: 'parquet',
    title: 'DECIMAL in FIXED_LEN_BYTE_ARRAY',
    type: 'DECIMAL(38, 10)',
    values: ['1234567890123456789012345678.0123456789', '-1', '0.5'],
    equals: { '1234567890123456789012345678.0123456789': [0], '-1': [1], '0.50': [2], '-1.0': [1] },
  },
  {
    format: 'parquet',
    title: 'FLOAT',
    type: 'FLOAT',
    values: ['0.1', '16777216', "'-0'", "'NaN'", "'Infinity'", 'NULL', '1e10', '0.5'],
    equals: {
      '0.1': [0],
      '0.10': [0],
      [exactFloat]: [0],
      [exactDouble]: null,
      '16777216': [1],
      '16777217': null,
      '0': [2],
      '-0': [2],
      NaN: null,
      Infinity: null,
      '10000000000': [6],
      '0.5': [7],
      '1e10': null,
    },
  },
  {
    format: 'parquet',
    title: 'DOUBLE',
    type: 'DOUBLE',
    values: ['0.1', '9007199254740992', "'-0'", "'NaN'", '1e300', '1e22', '0.3'],
    equals: {
      '0.1': [0],
      '0.10': [0],
      [exactDouble]: [0],
      [exactFloat]: [],
      '9007199254740992': [1],
      '9007199254740993': null,
      '0': [2],
      NaN: null,
      [`1${'0'.repeat(300)}`]: [4],
      [`1${'0'.repeat(22)}`]: [5],
      '0.30000000000000004': [],
    },
  },
  {
    format: 'parquet',
    title: 'BOOLEAN',
    type: 'BOOLEAN',
    values: ['true', 'false', 'NULL', 'true'],
    equals: { true: [0, 3], false: [1], '1': null, '0': null, True: null, '': null },
  },
  {
    format: 'parquet',
    title: 'UUID',
    type: 'UUID',
    values: [`'${uuid}'`, "'00000000-0000-0000-0000-000000000000'", 'NULL'],
    equals: { [uuid]: [0], [uuid.toUpperCase()]: [0], [uuid.replaceAll('-', '')]: null, [`{${uuid}}`]: null },
  },
  {
    format: 'parquet',
    title: 'VARCHAR',
    type: 'VARCHAR',
    values: ["'42'", "'42.0'", "''", "'0'", 'NULL', "' 42'", "'É'", `'${uuid}'`],
    equals: { '42': [0], '42.0': [1], '': [2], '0': [3], É: [6], é: [], [uuid.toUpperCase()]: [], NULL: [], null: [] },
  },
  {
    format: 'parquet',
    title: 'ENUM',
    type: "ENUM('a', 'b')",
    values: ["'a'", "'b'", 'NULL'],
    equals: { a: [0], A: [], c: [] },
  },
  {
    format: 'parquet',
    title: 'DATE',
    type: 'DATE',
    values: ["'2024-02-29'", "'1969-12-31'", "'9999-12-31'", 'NULL'],
    equals: {
      '2024-02-29': [0],
      '1969-12-31': [1],
      '9999-12-31': [2],
      '2024-02-29T00:00:00': null,
      '20240229': null,
      '2024-2-29': null,
    },
  },
  {
    format: 'parquet',
    title: 'TIMESTAMPTZ',
    type: 'TIMESTAMPTZ',
    values: ["'2024-02-29 12:34:56.123456+00'", "'1969-12-31 23:59:59.999999+00'", "'2024-02-29 00:00:00+00'", 'NULL'],
    equals: {
      '2024-02-29T12:34:56.123456Z': [0],
      '2024-02-29T12:34:56.123456': [0],
      '2024-02-29T14:34:56.123456+02:00': [0],
      '2024-02-29T12:34:56.123456000Z': [0],
      '2024-02-29T12:34:56.1234567Z': null,
      '2024-02-29T12:34:56.123Z': [],
      '1969-12-31T23:59:59.999999Z': [1],
      '2024-02-29': null,
      '2024-02-29T00:00:00Z': [2],
      '2024-02-28T22:00:00-02:00': [2],
    },
  },
  ...['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'].map(
    (type): Facts => ({
      format: 'parquet',
      title: type,
      type,
      values: ["'2024-02-29 12:34:56'", "'1969-12-31 23:59:59'", 'NULL', "'2024-02-29 00:00:00'"],
      equals: {
        '2024-02-29T12:34:56': [0],
        '2024-02-29T12:34:56.000': [0],
        '2024-02-29T12:34:56Z': null,
        '2024-02-29T12:34:56+00:00': null,
        '1969-12-31T23:59:59': [1],
        '2024-02-29': null,
        '2024-02-29T00:00:00': [3],
      },
    }),
  ),
  {
    format: 'parquet',
    title: 'TIMESTAMP_NS at full precision',
    type: 'TIMESTAMP_NS',
    values: ["'2024-02-29 12:34:56.123456789'", "'2024-02-29 12:34:56.123456788'"],
    equals: { '2024-02-29T12:34:56.123456789': [0], '2024-02-29T12:34:56.123456': [] },
  },
  {
    format: 'parquet',
    title: 'TIME',
    type: 'TIME',
    values: ["'12:34:56'", "'00:00:00'", "'12:34:56.5'"],
    equals: { '12:34:56': [0], '12:34:56.000': [0], '12:34:56Z': null, '12:34:56.5': [2], '00:00:00': [1] },
  },
  {
    format: 'parquet',
    title: 'BLOB',
    type: 'BLOB',
    values: ["'a'::BLOB", "'\\xC3\\xA9'::BLOB", "'\\xE9'::BLOB", "''::BLOB", 'NULL'],
    equals: { a: [0], é: [1], '': [3], '\\xE9': [] },
  },
]

const logical = (type: string, logicalType: string, more: object = {}) => ({ type, logicalType, ...more })

const avro: readonly Facts[] = [
  {
    format: 'avro',
    title: 'string',
    type: 'string',
    values: ['42', '42.0', '', '0', ' 42'],
    equals: { '42': [0], '42.0': [1], '': [2], '0': [3] },
  },
  {
    format: 'avro',
    title: 'a union with null',
    type: ['null', 'string', 'long'],
    values: [null, { string: '42' }, { long: 42n }, { string: 'null' }, { string: '' }],
    equals: { '42': [1, 2], '42.0': [2], null: [3], '': [4] },
  },
  {
    format: 'avro',
    title: 'long',
    type: 'long',
    values: [9007199254740993n, 9007199254740992n, -42n, 0n],
    equals: { '9007199254740993': [0], '9007199254740992': [1], '-42.0': [2], '0': [3], '-0': [3], '007': null },
  },
  {
    format: 'avro',
    title: 'float',
    type: 'float',
    values: [Math.fround(0.1), 16777216, Number.NaN, -0],
    equals: { '0.1': [0], '0.10': [0], [exactFloat]: [0], '16777217': null, '16777216': [1], NaN: null, '0': [3] },
  },
  { format: 'avro', title: 'double', type: 'double', values: [0.1, 0.2], equals: { '0.1': [0], [exactDouble]: [0] } },
  {
    format: 'avro',
    title: 'boolean',
    type: 'boolean',
    values: [true, false],
    equals: { true: [0], false: [1], '1': null, '0': null },
  },
  {
    format: 'avro',
    title: 'uuid',
    type: logical('string', 'uuid'),
    values: [uuid, uuid.toUpperCase()],
    equals: { [uuid]: [0, 1], [uuid.toUpperCase()]: [0, 1], [uuid.replaceAll('-', '')]: [] },
  },
  {
    format: 'avro',
    title: 'date',
    type: logical('int', 'date'),
    values: [19782, -1],
    equals: { '2024-02-29': [0], '1969-12-31': [1], '19782': null, '2024-02-29T00:00:00Z': null },
  },
  {
    format: 'avro',
    title: 'timestamp-millis',
    type: logical('long', 'timestamp-millis'),
    values: [1709210096123n, -1n],
    equals: {
      '2024-02-29T12:34:56.123Z': [0],
      '2024-02-29T12:34:56.123': [0],
      '2024-02-29': null,
      '1709210096123': null,
      '1969-12-31T23:59:59.999Z': [1],
    },
  },
  {
    format: 'avro',
    title: 'local-timestamp-micros',
    type: logical('long', 'local-timestamp-micros'),
    values: [1709210096123456n],
    equals: { '2024-02-29T12:34:56.123456': [0], '2024-02-29T12:34:56.123456Z': null },
  },
  {
    format: 'avro',
    title: 'timestamp-nanos',
    type: logical('long', 'timestamp-nanos'),
    values: [1709210096123456789n],
    equals: { '2024-02-29T12:34:56.123456789Z': [0], '2024-02-29T12:34:56.123456Z': [] },
  },
  {
    format: 'avro',
    title: 'time-millis',
    type: logical('int', 'time-millis'),
    values: [45296000],
    equals: { '12:34:56': [0], '12:34:56Z': null, '45296000': null },
  },
  {
    format: 'avro',
    title: 'decimal, whose bytes may carry sign extension',
    type: logical('bytes', 'decimal', { precision: 9, scale: 2 }),
    values: [Buffer.from([0, 0, 150]), Buffer.from([0, 150]), Buffer.from([255, 106])],
    equals: { '1.5': [0, 1], '1.500': [0, 1], '-1.50': [2], '150': [] },
  },
  {
    format: 'avro',
    title: 'bytes',
    type: 'bytes',
    values: [Buffer.from('é'), Buffer.from([0xe9]), Buffer.from('')],
    equals: { é: [0], '': [2] },
  },
]

describe.each(Object.entries({ ndjson, csv, parquet, avro }))('the value table of %s', (_, tables) => {
  const facts = factsOf(tables)
  let outcomes: readonly Outcome[] = []
  beforeAll(async () => {
    outcomes = await eraseFacts(facts)
  }, 60_000)

  test.each(facts.map((fact, index) => [fact.title, fact.text.slice(0, 30), fact.rows, index] as const))(
    '%s: the text %j equals the rows %j',
    (_title, _text, rows, index) => {
      const { values, isImpossible } = facts[index]!
      const left = values.flatMap((_value, row) => (rows.includes(row) ? [] : [row]))
      const status = rows.length === 0 ? 'unchanged' : 'erased'
      const warnings = isImpossible ? ['value-not-of-type'] : []
      expect(outcomes[index]).toMatchObject({ status, matched: rows.length, left, warnings })
    },
  )
})
