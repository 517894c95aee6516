import { gzipSync } from 'node:zlib'
import { formats } from '../../src/compose.ts'
import { bind } from '../../src/domain/predicate.ts'
import type { Search } from '../../src/formats/format.ts'
import { detectFormat } from '../../src/formats/registry.ts'
import { makeSpool } from '../../src/formats/spool.ts'
import { repeatingSource } from '../../test/repeating-source.ts'
import type { BenchGroup, Comparison, Contender, Task } from '../comparison.ts'
import { eventOf } from '../make-events.ts'
import { csvOf } from './csv.ts'

const mebibyte = 1024 * 1024
const kinds = { ndjson: 'NDJSON', csv: 'CSV', gzip: 'NDJSON in gzip' } as const

/** Objects that are made while they are read and stored nowhere: what counts is the peak of memory. */
export const group: BenchGroup = {
  name: 'streams',
  async prepare({ scale }) {
    const large = Math.max(1, Math.round(2048 * scale))
    const small = Math.max(1, Math.round(128 * scale))
    return [streams('rows of 100 bytes', 'stream', large), streams('rows of 100 bytes', 'stream', small), longRows()]
  },
}

function streams(what: string, task: string, mebibytes: number): Comparison {
  const contenders = Object.entries(kinds).map(([kind, name]): Contender => contender(name, task, { kind, mebibytes }))
  return {
    title: `Streams: find, edit and verify ${mebibytes} MiB`,
    facts: [`${what}; made while they are read; gzip: the bytes before compression, in members of 1 MiB`],
    bytes: mebibytes * mebibyte,
    baseline: kinds.ndjson,
    contenders,
  }
}

function longRows(): Comparison {
  const contenders = (['ndjson', 'csv'] as const).map((kind) => contender(kinds[kind], 'longRows', { kind }))
  return {
    title: 'Streams: rows of 64 MB',
    facts: ['10 rows, one of them is found and left out; the edit is made and verified'],
    bytes: 640e6,
    baseline: kinds.ndjson,
    contenders,
  }
}

function contender(name: string, task: string, args: Readonly<Record<string, string | number>>): Contender {
  const check = async (rows: unknown): Promise<void> => {
    if (rows !== 1) throw new Error(`rows erased: ${String(rows)} instead of 1`)
  }
  return { name, work: { kind: 'task', task, with: args }, check }
}

export const tasks: Readonly<Record<string, Task>> = {
  async stream({ kind, mebibytes }, measure) {
    const isCsv = kind === 'csv'
    const rowOf = (row: number) => (isCsv ? `${csvOf(row)}\n` : `${JSON.stringify(eventOf(row))}\n`)
    const header = isCsv ? 'event_id,user_id,at,page,ms,ok\n' : ''
    const one = header + rowOf(0).replace(eventOf(0).user_id, 'the-one')
    let text = ''
    for (let row = 1; text.length < mebibyte; row += 1) text += rowOf(row)
    const encode = (part: string) => (kind === 'gzip' ? gzipSync(part) : Buffer.from(part))
    const source = repeatingSource(encode(one), encode(text), Number(mebibytes))
    return await measure(() => erase(source, `x.${isCsv ? 'csv' : 'ndjson'}${kind === 'gzip' ? '.gz' : ''}`))
  },

  async longRows({ kind }, measure) {
    const padding = 'y'.repeat(64e6 - 64)
    const rowOf = (id: string) => (kind === 'csv' ? `${id},${padding}\n` : `{"user_id":"${id}","text":"${padding}"}\n`)
    const first = Buffer.from((kind === 'csv' ? 'user_id,text\n' : '') + rowOf('the-one'))
    return await measure(() => erase(repeatingSource(first, Buffer.from(rowOf('other')), 9), `x.${kind}`))
  },
}

async function erase(source: ReturnType<typeof repeatingSource>, name: string): Promise<number> {
  const match = { kind: 'simple', column: 'user_id', value: 'the-one', position: 0 } as const
  const search: Search = { predicate: bind([match]), partitions: [], malformed: 'refuse' }
  const format = await detectFormat(formats, { name, source })
  const found = await format.find(source, search)
  await using spool = makeSpool()
  const edit = await format.erase(source, { search, found, spool })
  await format.verify(source, { search, found, edit })
  return edit.summary.rowsErased
}
