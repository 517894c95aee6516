import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { beforeAll, describe, expect, test } from 'vitest'
import { writeFile as writeAvro } from '../avro/container-file.ts'
import { type Case, type CaseOutcome, eraseCases, expectedOf } from './law-lake.ts'
import type { Run } from './run-lethe.ts'

/** Every file has somebody's row, so that one which was passed over in silence would show. */
const row = '{"who":"anna-4711"}\n'
const other = '{"who":"other"}\n'
const matches = [{ who: 'anna-4711' }]
const refused = (code: string) => ({ refused: code })
const depth = 100_000
const deep = (inner: string) => `{"who":"other","d":${'['.repeat(depth)}${inner}${']'.repeat(depth)}}\n`
const deepObjects = `{"d":${'{"who":'.repeat(depth)}1${'}'.repeat(depth)},"who":"anna-4711"}\n`

function utf16(text: string, { mark, big }: { mark: boolean; big: boolean }): Buffer {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le')
  return big ? bytes.swap16() : bytes
}

function utf32(text: string): Buffer {
  const bytes = Buffer.alloc(4 * text.length)
  for (let at = 0; at < text.length; at += 1) bytes.writeUInt32LE(text.charCodeAt(at), 4 * at)
  return bytes
}

const parquet = Buffer.from(
  parquetWriteBuffer({
    columnData: [{ name: 'who', data: ['anna-4711', 'other', 'other'], type: 'STRING' }],
    codec: 'UNCOMPRESSED',
  }),
)
const avro = await writeAvro({ type: 'record', name: 'Row', fields: [{ name: 'who', type: 'string' }] }, [
  { who: 'anna-4711' },
  { who: 'other' },
])
const gzip = gzipSync(row + other)
const flipped = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 0xff
  return copy
}

const whole: readonly Case[] = [
  {
    title: 'two values on one line',
    path: 'two.ndjson',
    content: `${row}{"a":1} {"b":2}\n`,
    after: refused('malformed'),
  },
  { title: 'a line cut off', path: 'cut.ndjson', content: `${row}{"who":"oth\n${other}`, after: refused('malformed') },
  {
    title: 'a last line cut off',
    path: 'last.ndjson',
    content: `${row}{"who":"anna-4711"`,
    after: refused('malformed'),
  },
  { title: 'a bracket too many', path: 'extra.ndjson', content: `${row}{"a":1}}\n`, after: refused('malformed') },
  { title: 'brackets crossed', path: 'crossed.ndjson', content: `${row}{"a":[1}]\n`, after: refused('malformed') },
  {
    title: 'a line that could hold a value and is not JSON',
    path: 'apostrophes.ndjson',
    content: `${row}{who:'anna-4711'}\n`,
    after: refused('malformed'),
  },
  {
    title: 'a broken line that holds the value',
    path: 'holds.ndjson',
    content: `${other}{"who":"anna-4711",}\n`,
    after: refused('malformed'),
  },
  {
    title: 'a quote never closed in CSV',
    path: 'open.csv',
    content: 'id,who\n1,anna-4711\n2,"x\n3,y\n',
    after: refused('malformed'),
  },
  {
    title: 'text after a quote in CSV',
    path: 'after.csv',
    content: 'id,who\n1,anna-4711\n2,"x"y\n',
    after: refused('malformed'),
  },
]

const always: readonly Case[] = [
  ...[
    { mark: true, big: false },
    { mark: true, big: true },
    { mark: false, big: false },
    { mark: false, big: true },
  ].map(
    (how, index): Case => ({
      title: `UTF-16 NDJSON ${JSON.stringify(how)}`,
      path: `utf16-${index}.ndjson`,
      content: utf16(row + other, how),
      after: refused('unsupported'),
    }),
  ),
  { title: 'UTF-32 NDJSON', path: 'utf32.ndjson', content: utf32(row + other), after: refused('unsupported') },
  {
    title: 'UTF-32 NDJSON with a mark',
    path: 'utf32-mark.ndjson',
    content: utf32(`\ufeff${row}`),
    after: refused('unsupported'),
  },
  {
    title: 'pretty-printed JSON',
    path: 'pretty.json',
    content: JSON.stringify({ who: 'anna-4711', a: [1, 2] }, null, 2),
    after: refused('unsupported'),
  },
  {
    title: 'pretty-printed JSON, one value after another',
    path: 'pretty-more.ndjson',
    content: `${JSON.stringify({ who: 'other' }, null, 2)}\n${JSON.stringify({ who: 'anna-4711' }, null, 2)}\n`,
    after: refused('unsupported'),
  },
  {
    title: 'a top-level array of objects',
    path: 'array.json',
    content: '[{"who":"anna-4711"}]\n',
    after: refused('unsupported'),
  },
  {
    title: 'a top-level array of objects over several lines',
    path: 'array-lines.json',
    content: '[\n{"who":"anna-4711"},\n{"who":"other"}\n]\n',
    after: refused('unsupported'),
  },
  {
    title: 'an array of objects on a later line',
    path: 'array-later.ndjson',
    content: `${other}[{"who":"anna-4711"}]\n`,
    after: refused('unsupported'),
  },
  { title: 'Parquet cut off', path: 'cut.parquet', content: parquet.subarray(0, -9), after: refused('malformed') },
  {
    title: 'Parquet with a damaged footer',
    path: 'footer.parquet',
    content: flipped(parquet, parquet.length - 7),
    after: refused('malformed'),
  },
  {
    title: 'Parquet with encrypted footer',
    path: 'pare.parquet',
    content: Buffer.from('PARE0123456789abcdefPARE'),
    after: refused('encrypted'),
  },
  { title: 'an empty file named Parquet', path: 'zero.parquet', content: '', after: refused('malformed') },
  { title: 'Avro cut off', path: 'cut.avro', content: avro.subarray(0, -3), after: refused('malformed') },
  {
    title: 'Avro with a wrong sync marker',
    path: 'sync.avro',
    content: flipped(avro, avro.length - 1),
    after: refused('malformed'),
  },
  { title: 'gzip cut off', path: 'cut.ndjson.gz', content: gzip.subarray(0, -4), after: refused('malformed') },
  {
    title: 'gzip with a wrong checksum',
    path: 'crc.ndjson.gz',
    content: flipped(gzip, gzip.length - 8),
    after: refused('malformed'),
  },
  {
    title: 'gzip with bytes behind it',
    path: 'trail.ndjson.gz',
    content: Buffer.concat([gzip, Buffer.from('x')]),
    after: refused('malformed'),
  },
  { title: 'a text that is no data', path: 'notes.txt', content: 'anna-4711\n', after: refused('unknown-format') },
  {
    title: 'a picture',
    path: 'picture.png',
    content: Buffer.from('89504e470d0a1a0a0000', 'hex'),
    after: refused('unknown-format'),
  },
  {
    title: 'a compressed text that is no data',
    path: 'notes.txt.gz',
    content: gzipSync('anna-4711\n'),
    after: refused('unknown-format'),
  },
  { title: 'Parquet within gzip', path: 'a.parquet.gz', content: gzipSync(parquet), after: refused('unsupported') },
  ...[
    '_delta_log/0.json',
    '.hoodie/hoodie.properties',
    'metadata/v1.metadata.json',
    '_metadata',
    '_common_metadata',
  ].map(
    (marker, index): Case => ({
      title: `an object below a folder with ${marker}`,
      path: `table${index}/data/day=1/a.ndjson`,
      content: row,
      after: refused('table-managed'),
    }),
  ),
]

const markers = {
  'table0/_delta_log/0.json': '{}',
  'table1/.hoodie/hoodie.properties': '',
  'table2/metadata/v1.metadata.json': '{}',
  'table3/_metadata': '',
  'table4/data/_common_metadata': '',
}

const never: readonly Case[] = [
  {
    title: 'scalar lines, blank lines, CRLF, a byte-order mark, no last newline: kept as they are',
    path: 'odd.ndjson',
    content: `\ufeff{"who":"other"}\r\n\r\n42\n"anna-4711"\nnull\n  \n{"who":"anna-4711"}\r\n[1,2]\ntrue\n{"who":"z"}`,
    after: `\ufeff{"who":"other"}\r\n\r\n42\n"anna-4711"\nnull\n  \n[1,2]\ntrue\n{"who":"z"}`,
  },
  {
    title: 'invalid UTF-8 elsewhere in a line stays',
    path: 'latin.ndjson',
    content: Buffer.concat([Buffer.from('{"a":"\xe9","who":"other"}\n', 'latin1'), Buffer.from(row)]),
    after: Buffer.from('{"a":"\xe9","who":"other"}\n', 'latin1'),
  },
  {
    title: 'nesting of any depth',
    path: 'deep.ndjson',
    content: deep('1') + deepObjects + deep('"anna-4711"') + row,
    after: deep('1') + deep('"anna-4711"'),
  },
  { title: 'an empty NDJSON file', path: 'empty.ndjson', content: '' },
  { title: 'an empty CSV file', path: 'empty.csv', content: '' },
  { title: 'a CSV file of a header', path: 'header.csv', content: 'id,who\n' },
]

const kept: Readonly<Record<string, string>> = {
  'two.ndjson': '{"a":1} {"b":2}\n',
  'cut.ndjson': `{"who":"oth\n${other}`,
  'last.ndjson': '{"who":"anna-4711"',
  'extra.ndjson': '{"a":1}}\n',
  'crossed.ndjson': '{"a":[1}]\n',
  'apostrophes.ndjson': "{who:'anna-4711'}\n",
  'open.csv': 'id,who\n2,"x\n3,y\n',
  'after.csv': 'id,who\n2,"x"y\n',
}

const keeping = whole.map((item): Case => {
  const { after: _, ...rest } = item
  const after = kept[item.path]
  return { ...rest, ...(after === undefined ? {} : { after }), warnings: { 'malformed-kept': 1 } }
})

describe.each([
  { malformed: 'refuse', cases: [...whole, ...always, ...never] },
  { malformed: 'keep', cases: [...keeping, ...always, ...never] },
])('with --malformed $malformed', ({ malformed, cases }) => {
  let outcomes: readonly CaseOutcome[] = []
  let run: Run | undefined
  beforeAll(async () => {
    const [first, ...rest] = cases
    const options = ['--malformed', malformed]
    const result = await eraseCases([{ ...first!, matches }, ...rest], { options, extra: markers })
    ;({ outcomes, run } = result)
  }, 60_000)

  test('the run exits 3, for some objects were refused', () => {
    expect(run?.status).toBe(3)
  })

  test.each(cases.map((item, index) => [item.title, index] as const))('%s', (_, index) => {
    const { report: _report, ...outcome } = outcomes[index]!
    const expected = expectedOf(cases[index]!)
    expect(outcome.content?.equals(expected.content), outcome.content?.toString('latin1').slice(0, 200)).toBe(true)
    expect({ ...outcome, content: 0 }).toEqual({ ...expected, content: 0 })
  })
})
