import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import avsc from 'avsc'
import { compressSync, uncompressSync } from 'snappy'
import type { BenchGroup, Comparison, Contender, Task } from '../comparison.ts'
import { eventOf, spreadIds } from '../make-events.ts'
import { tasks as ndjsonTasks } from './ndjson.ts'

const fullRows = 4_000_000

const schema: avsc.Schema = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'event_id', type: 'long' },
    { name: 'user_id', type: 'string' },
    { name: 'at', type: 'string' },
    { name: 'page', type: ['null', 'string'] },
    { name: 'ms', type: 'double' },
    { name: 'ok', type: 'boolean' },
  ],
}

type Done = (error: Error | null, bytes?: Buffer) => void

/** As Avro has it: the checksum of the plain bytes follows them. */
function compressBlock(plain: Buffer, done: Done): void {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(plain))
  done(null, Buffer.concat([compressSync(plain), sum]))
}

function decompressBlock(stored: Buffer, done: Done): void {
  done(null, uncompressSync(stored.subarray(0, -4), { asBuffer: true }) as Buffer)
}

const writerOptions = { codec: 'snappy', codecs: { snappy: compressBlock }, blockSize: 65_536 }

export const group: BenchGroup = {
  name: 'avro',
  async prepare({ folder, scale }) {
    const rows = Math.round(fullRows * scale)
    const data = join(folder, 'events.avro')
    await writeEvents(data, rows)
    const { size } = await stat(data)
    const facts = [
      `${rows} rows, ${(size / 1e6).toFixed(0)} MB, snappy, blocks of 64 KiB, key user_id, one row for each id; avsc 5.7.9`,
    ]
    const few = { path: join(folder, 'ids-10.txt'), ids: spreadIds(rows, Math.min(10, rows)) }
    const strangers = Array.from({ length: 1_000_000 }, (_, index) => `x-${index.toString(16).padStart(8, '0')}`)
    const many = { path: join(folder, 'ids-1000000.txt'), ids: [...few.ids, ...strangers.slice(few.ids.length)] }
    for (const { path, ids } of [few, many]) await writeFile(path, ids.join('\n'))
    const request = { data, bytes: size, facts, found: few.ids.length }
    return [
      findComparison({ ...request, ids: few.path, count: 10 }),
      findComparison({ ...request, ids: many.path, count: 1_000_000 }),
      eraseComparison({ ...request, ids: few.path, out: join(folder, 'out.avro') }),
    ]
  },
}

async function writeEvents(path: string, rows: number): Promise<void> {
  const encoder = avsc.createFileEncoder(path, schema, writerOptions)
  for (let row = 0; row < rows; row += 1) {
    if (!encoder.write(eventOf(row))) await once(encoder, 'drain')
  }
  encoder.end()
  await once(encoder, 'finish')
}

interface Request {
  readonly data: string
  readonly bytes: number
  readonly facts: readonly string[]
  readonly ids: string
  /** Rows that have one of the ids. */
  readonly found: number
}

function findComparison({ data, bytes, facts, ids, found, count }: Request & { readonly count: number }): Comparison {
  const check = async (rows: unknown): Promise<void> => {
    if (rows !== found) throw new Error(`rows found: ${String(rows)} instead of ${found}`)
  }
  const task = (name: string, task: string): Contender => ({
    name,
    work: { kind: 'task', task, with: { data, ids } },
    check,
  })
  return {
    title: `Avro: find ${count} ids`,
    facts,
    bytes,
    baseline: 'avsc',
    contenders: [task('lethe, in process', 'find'), task('avsc', 'avscFind')],
  }
}

function eraseComparison({ data, bytes, facts, ids, found, out }: Request & { readonly out: string }): Comparison {
  const check = async (rows: unknown): Promise<void> => {
    if (rows !== found) throw new Error(`rows erased: ${String(rows)} instead of ${found}`)
  }
  const after = (): Promise<void> => rm(out, { force: true })
  const task = (name: string, task: string): Contender => ({
    name,
    work: { kind: 'task', task, with: { data, ids, out } },
    check,
    after,
  })
  return {
    title: 'Avro: erase 10 rows',
    facts: [...facts, 'in process: find, edit, verify and write a new file, without fsync'],
    bytes,
    baseline: 'cp',
    contenders: [
      task('lethe, in process', 'erase'),
      task('avsc: read, filter, write', 'avscErase'),
      { name: 'cp', work: { kind: 'command', argv: ['cp', data, out] }, after },
    ],
  }
}

export const tasks: Readonly<Record<string, Task>> = {
  find: ndjsonTasks['find']!,
  erase: ndjsonTasks['erase']!,

  async avscFind({ data, ids }, measure) {
    const wanted = await readIds(String(ids))
    return await measure(async () => {
      let rows = 0
      for await (const row of readEvents(String(data))) if (wanted.has((row as Event).user_id)) rows += 1
      return rows
    })
  },

  async avscErase({ data, ids, out }, measure) {
    const wanted = await readIds(String(ids))
    const encoder = new avsc.streams.BlockEncoder(schema, writerOptions)
    let erased = 0
    const filter = new Transform({
      objectMode: true,
      transform(row: Event, _, done) {
        const isErased = wanted.has(row.user_id)
        if (isErased) erased += 1
        done(null, isErased ? undefined : row)
      },
    })
    return await measure(async () => {
      await pipeline(readEvents(String(data)), filter, encoder, createWriteStream(String(out)))
      return erased
    })
  },
}

interface Event {
  readonly user_id: string
}

function readEvents(path: string) {
  return createReadStream(path, { highWaterMark: 1024 * 1024 }).pipe(
    new avsc.streams.BlockDecoder({ codecs: { snappy: decompressBlock } }),
  )
}

async function readIds(path: string): Promise<Set<string>> {
  return new Set((await readFile(path, 'utf8')).split('\n'))
}
