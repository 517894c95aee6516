import { createHash } from 'node:crypto'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from './decompress.ts'

/**
 * Two readers that share no code with the eraser. Each yields one digest a row, over all its columns, in order:
 * what has to be left after an erasure is the source's digests without those of the erased rows.
 */

let connected: Promise<DuckDBConnection> | undefined

/** One connection a process, with one thread and a bound of memory; closed with the process. */
export function duckdb(): Promise<DuckDBConnection> {
  connected ??= (async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '2GB' })
    return instance.connect()
  })()
  return connected
}

/** All rows of a statement as arrays, in order. */
export async function query(sql: string): Promise<unknown[][]> {
  const result = await (await duckdb()).runAndReadAll(sql)
  return result.getRows()
}

/** @param path of a file; the name may say anything @throws Error where DuckDB cannot read it */
export async function duckdbDigests(path: string): Promise<string[]> {
  const rows = await query(`SELECT hash(t) FROM read_parquet(${quoted(path)}, hive_partitioning = false) AS t`)
  return rows.map(([digest]) => String(digest))
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** @throws Error where hyparquet cannot read it */
export async function hyparquetDigests(bytes: Uint8Array): Promise<string[]> {
  return (await hyparquetRows(bytes)).map((row) => createHash('sha1').update(canonical(row)).digest('base64'))
}

const asTheyAre = <T>(value: T): T => value

/** Rows with values left as near to the stored ones as hyparquet can: dates and times as numbers, no text for bytes. */
async function hyparquetRows(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  return parquetReadObjects({
    file: buffer,
    compressors,
    utf8: false,
    geoparquet: false,
    parsers: {
      timestampFromMilliseconds: asTheyAre,
      timestampFromMicroseconds: asTheyAre,
      timestampFromNanoseconds: asTheyAre,
      dateFromDays: asTheyAre,
      jsonFromBytes: asTheyAre,
      geometryFromBytes: asTheyAre,
      geographyFromBytes: asTheyAre,
      uuidFromBytes: asTheyAre,
    },
  })
}

/** A text that differs where values differ, in type too. */
function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return `date${value.getTime()}`
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `[${Array.from(value as ArrayLike<unknown>, canonical).join(',')}]`
  }
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
      .join(',')}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  return Object.is(value, -0) ? '-0' : `${typeof value}${String(value)}`
}
