import { open } from 'node:fs/promises'
import { editedChunks } from '../src/adapters/object-store/edited-chunks.ts'
import { openLake } from '../src/compose.ts'
import { parquet } from '../src/formats/parquet/parquet.ts'
import { makeSpool } from '../src/formats/spool.ts'
import type { Task, TaskArguments } from './comparison.ts'
import { connect, rowsOf } from './parquet-data.ts'
import { type KeyFile, loadKeys, searchForKeys, withKeys } from './parquet-keys.ts'
import { copyAndRecompress, decompressAll, pagesOfColumn, touchedPages } from './parquet-limit.ts'

/** What the contenders of `parquet-comparisons.ts` run, each in a process of its own. */
export const parquetTasks: Readonly<Record<string, Task>> = {
  async find(args, measure) {
    const search = await searchForKeys(keyFile(args))
    await using source = await openSource(args)
    return await measure(async () => (await parquet.find(source, search)).rows.size)
  },

  /** The forget phase alone: what was found is known, the new file is not forced to the disk. */
  async forget(args, measure) {
    const search = await searchForKeys(keyFile(args))
    await using source = await openSource(args)
    const found = await parquet.find(source, search)
    return await measure(async () => {
      await using spool = makeSpool()
      const edit = await parquet.erase(source, { search, found, spool })
      await parquet.verify(source, { search, found, edit })
      await using file = await open(String(args['out']), 'w')
      for await (const chunk of editedChunks(source, edit)) await file.writeFile(chunk)
      return edit.summary.rowsErased
    })
  },

  async findLimit(args, measure) {
    const data = String(args['data'])
    const columns = keyFile(args).keys.map(({ name }) => pagesOfColumn(data, name))
    const pages = (await Promise.all(columns)).flat()
    await measure(() => decompressAll(data, pages))
    return undefined
  },

  async forgetLimit(args, measure) {
    const data = String(args['data'])
    const search = await searchForKeys(keyFile(args))
    await using source = await openSource(args)
    const { rows } = await parquet.find(source, search)
    const pages = await touchedPages(data, rows)
    await measure(() => copyAndRecompress(data, String(args['out']), pages))
    return undefined
  },

  async duckdbFind(args, measure) {
    const { path, keys } = keyFile(args)
    const connection = await connect(Number(args['threads']))
    await loadKeys(connection, { path, keys })
    const sql = `SELECT count(*)::INT FROM ${withKeys('SEMI', String(args['data']), keys)}`
    return await measure(async () => (await rowsOf(connection, sql))[0]![0])
  },

  async duckdbErase(args, measure) {
    const { path, keys } = keyFile(args)
    const connection = await connect(Number(args['threads']))
    await loadKeys(connection, { path, keys })
    const rows = `FROM ${withKeys('ANTI', String(args['data']), keys)}`
    const sql = `COPY (${rows}) TO '${args['out']}' (FORMAT parquet, CODEC '${args['codec']}')`
    return await measure(async () => (await connection.run(sql)).rowsChanged)
  },
}

function keyFile(args: TaskArguments): KeyFile {
  return { path: String(args['ids']), keys: JSON.parse(String(args['keys'])) as KeyFile['keys'] }
}

async function openSource(args: TaskArguments) {
  const path = String(args['data'])
  const { store } = await openLake([path])
  return await store.open(path)
}
