import { readFileSync, statSync } from 'node:fs'
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { parquetWriteBuffer } from 'hyparquet-writer'
import lzma from 'lzma-native'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFile as readAvro, writeFile as writeAvro } from '../avro/container-file.ts'
import { query, quoted } from '../parquet/readers.ts'
import { documentOf, identityOf, type ReportedRun } from './law-lake.ts'
import { makeLake, type Run, runLethe } from './run-lethe.ts'

/** Of 900 rows those whose number a third divides are Anna's. */
const anna = 'anna.4711@example.org'
const rows = Array.from({ length: 900 }, (_, n) => ({ n, who: n % 3 === 0 ? anna : `user-${n}@example.org` }))
const left = rows.flatMap(({ n }) => (n % 3 === 0 ? [] : [n]))

const ndjson = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
const csv = Buffer.from(`n,who\n${rows.map(({ n, who }) => `${n},${who}\n`).join('')}`)
const numbersOf = {
  ndjson: (bytes: Buffer) =>
    bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n),
  csv: (bytes: Buffer) => (parse(bytes, { columns: true }) as { n: string }[]).map(({ n }) => Number(n)),
  tsv: (bytes: Buffer) =>
    (parse(bytes, { columns: true, delimiter: '\t' }) as { n: string }[]).map(({ n }) => Number(n)),
}
const xz = (bytes: Buffer) => new Promise<Buffer>((resolve) => lzma.compress(bytes, { preset: 6 }, resolve))
const unxz = (bytes: Buffer) => new Promise<Buffer>((resolve) => lzma.decompress(bytes, {}, resolve))

const avroSchema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'who', type: 'string' },
  ],
}

interface File {
  readonly content: Uint8Array
  readonly left: (path: string) => Promise<number[]> | number[]
}

const files: Readonly<Record<string, File>> = {
  'a.ndjson': { content: ndjson, left: (path) => numbersOf.ndjson(readFileSync(path)) },
  'b.csv': { content: csv, left: (path) => numbersOf.csv(readFileSync(path)) },
  'c.tsv': {
    content: Buffer.from(csv.toString().replaceAll(',', '\t')),
    left: (path) => numbersOf.tsv(readFileSync(path)),
  },
  'd.parquet': {
    content: new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'n', data: rows.map(({ n }) => n), type: 'INT32' },
          { name: 'who', data: rows.map(({ who }) => who), type: 'STRING' },
        ],
        rowGroupSize: 200,
      }),
    ),
    left: async (path) => (await query(`SELECT n FROM read_parquet(${quoted(path)})`)).map(([n]) => Number(n)),
  },
  'e.avro': {
    content: await writeAvro(avroSchema, rows, { codec: 'deflate', rowsPerBlock: 100 }),
    left: async (path) => (await readAvro(readFileSync(path))).map((row) => (JSON.parse(row) as { n: number }).n),
  },
  'f.ndjson.gz': { content: gzipSync(ndjson), left: (path) => numbersOf.ndjson(gunzipSync(readFileSync(path))) },
  'g.csv.gz': {
    content: Buffer.concat([gzipSync(csv.subarray(0, 5000)), gzipSync(csv.subarray(5000))]),
    left: (path) => numbersOf.csv(gunzipSync(readFileSync(path))),
  },
  'h.ndjson.zst': {
    content: zstdCompressSync(ndjson),
    left: (path) => numbersOf.ndjson(zstdDecompressSync(readFileSync(path))),
  },
  'i.ndjson.br': {
    content: brotliCompressSync(ndjson),
    left: (path) => numbersOf.ndjson(brotliDecompressSync(readFileSync(path))),
  },
  'j.ndjson.deflate': {
    content: deflateSync(ndjson),
    left: (path) => numbersOf.ndjson(inflateSync(readFileSync(path))),
  },
  'k.csv.xz': { content: await xz(csv), left: async (path) => numbersOf.csv(await unxz(readFileSync(path))) },
  'l/without.ndjson': { content: Buffer.from('{"x":1}\n'), left: () => left },
  'm/notes.txt': { content: Buffer.from('nothing\n'), left: () => left },
  'n/_hidden/x.ndjson': { content: ndjson, left: () => left },
  'n/.hidden.ndjson': { content: ndjson, left: () => left },
}

const names = Object.keys(files)
const lake = makeLake(Object.fromEntries(Object.entries(files).map(([name, { content }]) => [name, content])))
afterAll(() => {
  lake[Symbol.dispose]()
})
const arguments_ = [lake.folder, '--matches', '-', '--json']
const stdin = `who\n${anna}\n`

const runs: Record<string, Run> = {}
const documents: Record<string, ReportedRun> = {}
let before: unknown
let afterDry: unknown
const identities = () =>
  names.map((name) => [identityOf(lake.path(name)), readFileSync(lake.path(name)).toString('hex')])

beforeAll(async () => {
  before = identities()
  runs['find'] = await runLethe(['find', ...arguments_], { stdin })
  runs['dry'] = await runLethe(['erase', '--dry-run', ...arguments_], { stdin })
  afterDry = identities()
  runs['erase'] = await runLethe(['erase', '--yes', ...arguments_], { stdin })
  for (const [name, run] of Object.entries(runs)) documents[name] = documentOf(run)
  runs['again'] = await runLethe(['erase', '--yes', ...arguments_], { stdin })
}, 60_000)

const byName = (run: string, name: string) => documents[run]!.objects.find(({ uri }) => uri === lake.path(name))!
const erased = names.slice(0, 11)

describe.each(['find', 'dry', 'erase'])('the document of %s', (run) => {
  test('has exactly the shape of the contract', () => {
    const { objects, totals, interrupted } = documents[run]!
    expect(Object.keys(documents[run]!)).toEqual(['objects', 'totals', 'interrupted'])
    expect(interrupted).toBe(false)
    expect(Object.keys(totals)).toEqual([
      'objects',
      'matched',
      'erased',
      'unchanged',
      'refused',
      'failed',
      'skipped',
      'rows',
      'bytes',
    ])
    for (const object of objects) {
      const keys = ['uri', 'status', 'reason', 'rows', 'bytes', 'warnings']
      expect(keys).toEqual(expect.arrayContaining(Object.keys(object)))
      if (object.status === 'refused') {
        expect(Object.keys(object.reason!)).toEqual(['code', 'message'])
      } else {
        expect(Object.keys(object)).toEqual(keys)
        expect(object.reason).toBeNull()
        expect(Object.keys(object.rows!)).toEqual(['seen', 'matched', 'kept'])
        expect(Object.keys(object.bytes!)).toEqual(['size', 'read', 'kept', 'inserted'])
      }
    }
  })

  test('counts rows: kept = seen - matched', () => {
    for (const name of erased) expect(byName(run, name).rows).toEqual({ seen: 900, matched: 300, kept: 600 })
    expect(byName(run, 'l/without.ndjson').rows).toEqual({ seen: 1, matched: 0, kept: 1 })
  })

  test('sums up in totals, with what was skipped', () => {
    const { objects, totals } = documents[run]!
    const done = run === 'erase' ? { matched: 0, erased: 11 } : { matched: 11, erased: 0 }
    expect(totals).toMatchObject({ objects: 13, ...done, unchanged: 1, refused: 1, failed: 0, skipped: 2 })
    for (const part of ['rows', 'bytes'] as const) {
      for (const [key, sum] of Object.entries(totals[part])) {
        const each = objects.map((object) => (object[part] as Record<string, number> | undefined)?.[key] ?? 0)
        expect([key, sum]).toEqual([key, each.reduce((a, b) => a + b, 0)])
      }
    }
  })

  test('tells the size of the source', () => {
    for (const name of erased) expect(byName(run, name).bytes?.size).toBe(files[name]!.content.length)
  })

  test('exits 3, for an object was refused, and names nobody', () => {
    expect(runs[run]).toMatchObject({ status: 3 })
    expect(runs[run]!.stdout).not.toContain(anna)
  })
})

test('a dry run writes nothing: neither bytes nor times nor inodes', () => {
  expect(afterDry).toEqual(before)
})

/** What was read is another matter: who writes reads once more. */
const numbersIn = (run: string) =>
  documents[run]!.objects.map(({ uri, rows: counts, bytes, warnings }) => ({
    uri,
    counts,
    bytes: { ...bytes, read: 0 },
    warnings,
  }))

test('a dry run has the numbers of the real one', () => {
  expect(numbersIn('dry')).toEqual(numbersIn('erase'))
})

test.each(erased)(
  '%s: kept + inserted is its new size, and exactly the other rows are left, in order',
  async (name) => {
    const { kept, inserted } = byName('erase', name).bytes!
    expect(kept + inserted).toBe(statSync(lake.path(name)).size)
    expect(await files[name]!.left(lake.path(name))).toEqual(left)
  },
)

test.each(names.slice(11))('%s is untouched', (name) => {
  expect(readFileSync(lake.path(name))).toEqual(Buffer.from(files[name]!.content))
})

test('erasing again finds nothing', () => {
  expect(documentOf(runs['again']!).totals).toMatchObject({ matched: 0, erased: 0, unchanged: 12, refused: 1 })
})

test('no temporary file is left', () => {
  expect(Object.keys(lake.contents()).sort()).toEqual([...names].sort())
})
