import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PartitionColumn } from '../../../domain/partition.ts'
import { bind } from '../../../domain/predicate.ts'
import { bytesSource } from '../../range-source.ts'
import { readFooter } from '../footer.ts'
import { find } from './find.ts'
import { resolveColumns } from './resolve-columns.ts'

/** A file without rows, of the columns that a schema lists depth first. */
function fileOf(elements: readonly SchemaElement[], topLevel: readonly string[]): Uint8Array {
  const schema: SchemaElement[] = [{ name: 'root', num_children: topLevel.length }, ...elements]
  return new Uint8Array(parquetWriteBuffer({ columnData: topLevel.map((name) => ({ name, data: [] })), schema }))
}

const leaf = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: 'OPTIONAL',
})
const struct = (name: string, ...children: SchemaElement[]): SchemaElement[] => [
  { name, repetition_type: 'OPTIONAL', num_children: children.length },
  ...children,
]

async function resolve(file: Uint8Array, name: string, partitions: readonly PartitionColumn[] = []) {
  const { schema } = await readFooter(bytesSource(file))
  const predicate = bind([{ kind: 'simple', column: name, value: 'x', position: 4 }])
  const meant = resolveColumns(predicate, { schema, partitions }).get(name)!
  return meant.kind === 'leaf' ? meant.column.path : meant
}

describe('a column that a match names', () => {
  const file = fileOf(
    [
      leaf('id'),
      leaf('ID'),
      leaf('Mail'),
      leaf('user.id'),
      ...struct('user', leaf('id'), leaf('Name')),
      ...struct('Person', leaf('name')),
    ],
    ['id', 'ID', 'Mail', 'user.id', 'user', 'Person'],
  )

  it.each([
    ['id', ['id']],
    ['ID', ['ID']],
    ['mail', ['Mail']],
    ['user.id', ['user.id']],
    ['user.Name', ['user', 'Name']],
    ['user.name', ['user', 'Name']],
    ['PERSON.NAME', ['Person', 'name']],
  ])('%s is %j: the exact name, a path, or what differs in case alone', async (name, path) => {
    expect(await resolve(file, name)).toEqual(path)
  })

  it('that the file does not have is none', async () => {
    for (const name of ['gone', 'user.gone', 'id.x', 'us', ''])
      expect(await resolve(file, name)).toEqual({ kind: 'none' })
  })

  it('is refused where several are meant, by the position of the match and not by the name', async () => {
    await expect(resolve(file, 'Id')).rejects.toMatchObject({ code: 'ambiguous-column', detail: { position: 4 } })
    const twice = fileOf([leaf('Secret'), leaf('Secret')], ['Secret', 'Secret'])
    await expect(resolve(twice, 'Secret')).rejects.toThrow(/^(?!.*Secret).*match 5/)
    await expect(resolve(twice, 'secret')).rejects.toMatchObject({ code: 'ambiguous-column' })
  })

  it('is refused where it is a struct', async () => {
    await expect(resolve(file, 'user')).rejects.toMatchObject({ code: 'unsupported-key' })
  })

  it('is a partition where the file has none of that name', async () => {
    const partition = (name: string) => [{ name, value: 'v' }]
    expect(await resolve(file, 'region', partition('region'))).toEqual({ kind: 'partition', value: 'v' })
    expect(await resolve(file, 'REGION', partition('region'))).toEqual({ kind: 'partition', value: 'v' })
    expect(await resolve(file, 'id', partition('id'))).toEqual(['id'])
    expect(await resolve(file, 'MAIL', partition('MAIL'))).toEqual({ kind: 'partition', value: 'v' })
    await expect(resolve(file, 'mAIL', partition('MAIL'))).rejects.toMatchObject({ code: 'ambiguous-column' })
    const twice = [...partition('a'), ...partition('a')]
    await expect(resolve(file, 'a', twice)).rejects.toMatchObject({ code: 'ambiguous-column' })
  })
})

describe('a key that is no single value of a row', () => {
  let folder: string
  let file: Uint8Array
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lethe-resolve-'))
    const path = join(folder, 'nested.parquet')
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
    await duckdb.run(`copy (select [{'id': 'a'}] items, map {'k': 'v'} props, {'tags': ['t'], 'id': 'a'} "user",
      interval 1 day lasting) to '${path}'`)
    file = await readFile(path)
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([
    'items',
    'items[].id',
    'items.id',
    'items.list.element.id',
    'ITEMS[].ID',
    'props',
    'props.k',
    'user.tags',
    'user.tags[]',
  ])('is refused: %s', async (name) => {
    await expect(resolve(file, name)).rejects.toMatchObject({ code: 'unsupported-key', detail: { position: 4 } })
  })

  it('is no reason to refuse a key beside it', async () => {
    expect(await resolve(file, 'user.id')).toEqual(['user', 'id'])
  })

  it('is refused where its type cannot be compared with a text', async () => {
    const predicate = bind([{ kind: 'simple', column: 'lasting', value: '1', position: 0 }])
    const found = find(bytesSource(file), { predicate, partitions: [], malformed: 'refuse' })
    await expect(found).rejects.toMatchObject({ code: 'unsupported-key' })
  })
})
