import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'
import { writeFile as writeAvro } from '../avro/container-file.ts'
import { lines, makeLake, runLethe } from './run-lethe.ts'

/** Values of rows, in every place where a format repeats them: statistics, dictionaries, metadata, keys, a header. */
const anna = 'anna.secret-4711@example.org'
const rows = [
  { who: anna, n: 1 },
  { who: anna, n: 2 },
]
const schema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'who', type: 'string' },
    { name: 'n', type: 'int', default: 7 },
  ],
}
const parquet = parquetWriteBuffer({
  columnData: [
    { name: 'who', data: rows.map(({ who }) => who), type: 'STRING' },
    { name: 'n', data: rows.map(({ n }) => n), type: 'INT32' },
  ],
  kvMetadata: [{ key: 'owner', value: anna }],
  statistics: true,
})

test.each<[string, string, string | Uint8Array]>([
  ['NDJSON', 'a.ndjson', lines(...rows)],
  ['NDJSON whose keys are ids', 'b.ndjson', lines({ [anna]: 1, n: 2 })],
  ['NDJSON that is broken', 'c.ndjson', `{"n":1}\n{"who":"${anna}\n`],
  ['CSV', 'd.csv', `who,n\n${anna},1\n`],
  ['CSV without a header', 'e.csv', `${anna},1\nother@example.org,2\n`],
  ['CSV that is broken', 'f.csv', `who,n\n"${anna}"x,1\n`],
  ['Parquet', 'g.parquet', new Uint8Array(parquet)],
  ['Avro', 'h.avro', await writeAvro(schema, rows, { metadata: { owner: Buffer.from(anna) } })],
  ['gzip', 'i.ndjson.gz', gzipSync(lines(...rows))],
  ['what it does not know', 'j.bin', anna],
  ['Avro that is cut off', 'k.avro', (await writeAvro(schema, rows)).subarray(0, -20)],
  ['Parquet that is cut off', 'l.parquet', new Uint8Array(parquet).subarray(0, -20)],
])('inspect shows no value of %s', async (_, name, content) => {
  using lake = makeLake({ [name]: content })
  for (const args of [[], ['--json']]) {
    const run = await runLethe(['inspect', lake.path(name), ...args])
    expect(run.stdout + run.stderr).not.toContain('secret')
    if (run.status === 0 && args.length > 0) expect(() => JSON.parse(run.stdout) as unknown).not.toThrow()
    else expect([0, 3]).toContain(run.status)
  }
})
