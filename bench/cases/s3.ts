import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { openLake } from '../../src/compose.ts'
import { bind } from '../../src/domain/predicate.ts'
import { erase } from '../../src/engine/erase.ts'
import { find } from '../../src/engine/find.ts'
import type { BenchGroup, Comparison, Task, TaskArguments } from '../comparison.ts'
import { connect, makePagedFile, rowsOf } from '../parquet-data.ts'

const fullRows = 4_000_000
const pristine = 'pristine.parquet'
const key = 'events.parquet'

/** Of the server that LETHE_S3_ENDPOINT, LETHE_S3_ACCESS_KEY and LETHE_S3_SECRET_KEY name. */
export const group: BenchGroup = {
  name: 's3',
  async prepare({ folder, scale }) {
    const endpoint = process.env['LETHE_S3_ENDPOINT']
    if (endpoint === undefined) {
      process.stderr.write('s3: left out, for LETHE_S3_ENDPOINT names no server\n')
      return []
    }
    // The tasks are processes of their own, and take them from the environment.
    process.env['AWS_ACCESS_KEY_ID'] = process.env['LETHE_S3_ACCESS_KEY']
    process.env['AWS_SECRET_ACCESS_KEY'] = process.env['LETHE_S3_SECRET_KEY']
    const rows = Math.round(fullRows * scale)
    const data = await makePagedFile({ folder, rows }, 'SNAPPY')
    const { size } = await stat(data.path)
    const bucket = `lethe-bench-${process.pid}`
    const client = makeClient(endpoint)
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    await putFile(client, { bucket, key: pristine, path: data.path })
    process.once('beforeExit', () => void removeBucket(client, bucket))
    const server = process.env['LETHE_S3_SERVER'] ?? 'an S3 server'
    const facts = [...data.facts, `${(size / 1e6).toFixed(0)} MB, 1 MiB pages, snappy; ${server} on the same machine`]
    const counts = [1, 10, 1000]
    return await Promise.all(
      counts.map((count) =>
        compareErasures({ folder, endpoint, client, bucket, path: data.path, rows, size, facts, count }),
      ),
    )
  },
}

interface Request {
  readonly folder: string
  readonly endpoint: string
  readonly client: S3Client
  readonly bucket: string
  readonly path: string
  readonly rows: number
  readonly size: number
  readonly facts: readonly string[]
  readonly count: number
}

/** What a contender moved, told by its task. */
interface Moved {
  readonly requests: number
  readonly downloaded: number
  readonly uploaded: number
  readonly copied: number
}

async function compareErasures(request: Request): Promise<Comparison> {
  const { folder, endpoint, client, bucket, path, rows, size, facts, count } = request
  const ids = join(folder, `ids-${count}.json`)
  const connection = await connect(1)
  const step = Math.floor(rows / count)
  const spread = `SELECT user_id FROM '${path}' WHERE event_id % ${step} = ${step >>> 1} LIMIT ${count}`
  await writeFile(ids, JSON.stringify((await rowsOf(connection, spread)).flat()))
  const moved = new Map<string, Moved>()
  const contender = (name: string, task: string) => ({
    name,
    work: { kind: 'task' as const, task, with: { endpoint, bucket, folder, ids } },
    before: async () => {
      await client.send(new CopyObjectCommand({ Bucket: bucket, Key: key, CopySource: `${bucket}/${pristine}` }))
    },
    check: async (result: unknown) => {
      moved.set(name, result as Moved)
      const copy = join(folder, 'check.parquet')
      await getFile(client, { bucket, path: copy })
      const wanted = JSON.parse(await readFile(ids, 'utf8')) as string[]
      const list = wanted.map((id) => `'${id}'`).join(', ')
      const sql = `SELECT count(*)::INTEGER, count(*) FILTER (user_id IN (${list}))::INTEGER FROM '${copy}'`
      const [left] = await rowsOf(connection, sql)
      await rm(copy)
      if (left?.[0] !== rows - count || left[1] !== 0) throw new Error(`${name}: ${String(left)} rows are left`)
    },
  })
  return {
    title: `S3: erase ${count} rows`,
    // Read when the rounds are over.
    get facts() {
      return [...facts, ...[...moved].map(([name, what]) => movedWords(name, what, size))]
    },
    bytes: size,
    baseline: 'download, DuckDB, upload',
    contenders: [contender('lethe, in process', 'lethe'), contender('download, DuckDB, upload', 'duckdb')],
  }
}

function movedWords(name: string, { requests, downloaded, uploaded, copied }: Moved, size: number): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const share = ((100 * (downloaded + uploaded)) / size).toFixed(1)
  return `${name}: ${requests} requests, ${mb(downloaded)} down, ${mb(uploaded)} up (together ${share} % of the object), ${mb(copied)} copied by the server`
}

export const tasks: Readonly<Record<string, Task>> = {
  async lethe(args, measure) {
    const { endpoint, bucket, ids } = args as TaskArguments & { endpoint: string; bucket: string; ids: string }
    const values = JSON.parse(await readFile(ids, 'utf8')) as string[]
    const predicate = bind(values.map((value, position) => ({ kind: 'simple', value, column: 'user_id', position })))
    const target = `s3://${bucket}/${key}`
    const lake = await openLake([target], { s3: { endpoint } })
    const reports = await measure(async () => {
      const found = await find(lake, { targets: [target], predicate, malformed: 'refuse' })
      return (await erase(lake, { found, empty: 'keep', dryRun: false })).reports
    })
    if (reports[0]?.status !== 'erased') throw new Error(`not erased: ${reports[0]?.reason?.message}`)
    const { requests, ...bytes } = lake.store.transfers!()
    return { ...bytes, requests: Object.values(requests).reduce((sum, each) => sum + each, 0) }
  },

  async duckdb(args, measure) {
    const { endpoint, bucket, folder, ids } = args as Record<'endpoint' | 'bucket' | 'folder' | 'ids', string>
    const client = makeClient(endpoint)
    const [before, after] = [join(folder, 'before.parquet'), join(folder, 'after.parquet')]
    const connection = await connect(2)
    await measure(async () => {
      await getFile(client, { bucket, path: before })
      await connection.run(`COPY (
        SELECT * FROM '${before}'
        WHERE user_id NOT IN (SELECT unnest(json_extract_string(content, '$[*]')) FROM read_text('${ids}'))
      ) TO '${after}' (FORMAT parquet, CODEC 'snappy')`)
      await putFile(client, { bucket, key, path: after })
    })
    const sizes = await Promise.all([stat(before), stat(after)])
    await Promise.all([rm(before), rm(after)])
    return { requests: 2, downloaded: sizes[0].size, uploaded: sizes[1].size, copied: 0 }
  },
}

function makeClient(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
}

async function getFile(client: S3Client, { bucket, path }: { bucket: string; path: string }): Promise<void> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  await pipeline(Body as Readable, createWriteStream(path))
}

async function putFile(client: S3Client, request: { bucket: string; key: string; path: string }): Promise<void> {
  const { size } = await stat(request.path)
  const body = { Body: createReadStream(request.path), ContentLength: size }
  await client.send(new PutObjectCommand({ Bucket: request.bucket, Key: request.key, ...body }))
}

async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  for (const Key of [key, pristine]) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
  await client.send(new DeleteBucketCommand({ Bucket: bucket }))
  client.destroy()
}
