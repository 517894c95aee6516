import { open } from 'node:fs/promises'
import { writeContent } from '../src/adapters/object-store/file/replace-file.ts'
import { openLake } from '../src/compose.ts'
import type { Edit } from '../src/formats/edit.ts'
import { makeParquet, parquet } from '../src/formats/parquet/parquet.ts'
import { makeSpool } from '../src/formats/spool.ts'
import type { Measure, Task, TaskArguments } from './comparison.ts'
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
  forget: (args, measure) => forget(args, { all: measure }),
  forgetEdit: (args, measure) => forget(args, { edit: measure }),
  forgetVerify: (args, measure) => forget(args, { verify: measure }),

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

interface Measures {
  readonly all?: Measure
  /** Edit and write. */
  readonly edit?: Measure
  readonly verify?: Measure
}

const unmeasured: Measure = (work) => work()

async function forget(args: TaskArguments, measures: Measures): Promise<unknown> {
  const { all = unmeasured, edit: editing = unmeasured, verify: verifying = unmeasured } = measures
  const format = makeParquet({ threadCount: Number(args['threads']) })
  const search = await searchForKeys(keyFile(args))
  await using source = await openSource(args)
  const found = await parquet.find(source, search)
  return await all(async () => {
    await using spool = makeSpool()
    let edit: Edit | undefined
    const make = async () => {
      edit = await format.erase(source, { search, found, spool })
    }
    const verify = () => format.verify(source, { search, found, edit: edit! })
    const write = async () => {
      await using file = await open(String(args['out']), 'w')
      await writeContent(file, { source, edit: edit! }, { chunkBytes: 1024 * 1024 })
    }
    if (measures.verify !== undefined) {
      await make()
      await verifying(verify)
      await write()
    } else {
      await editing(async () => {
        await make()
        if (measures.edit === undefined) await verify()
        await write()
      })
    }
    return edit!.summary.rowsErased
  })
}

function keyFile(args: TaskArguments): KeyFile {
  return { path: String(args['ids']), keys: JSON.parse(String(args['keys'])) as KeyFile['keys'] }
}

async function openSource(args: TaskArguments) {
  const path = String(args['data'])
  const { store } = await openLake([path])
  return await store.open(path)
}
