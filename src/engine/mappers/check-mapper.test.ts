import { describe, expect, test } from 'vitest'
import { makeMemoryObjectStore } from '../../../test/memory-object-store.ts'
import { mapperNamed } from '../../../test/state/stores-suite.ts'
import { csv } from '../../formats/csv/csv.ts'
import type { DetectableFormat } from '../../formats/format.ts'
import { ndjson } from '../../formats/ndjson/ndjson.ts'
import { onlyFormat } from '../../formats/only-format.ts'
import { plain } from '../../formats/plain.ts'
import { checkMapper } from './check-mapper.ts'

const formats: readonly DetectableFormat[] = [plain(ndjson), plain(csv())]

const check = (objects: Record<string, string>, rest: Record<string, unknown> = {}, of = formats) => {
  const { store } = makeMemoryObjectStore(objects)
  return checkMapper(mapperNamed('a', rest), { store, formats: of, target: 'lake/' })
}

describe('a mapper that is tried on its data', () => {
  test('is told how much it names, and searched until all its columns were seen', async () => {
    const objects = {
      'date=1/a.ndjson': '{"user_id":1}\n{"x":{"email":"e"}}\n',
      'date=1/b.ndjson': `{"user_id":${'1'.repeat(99)}}\n`,
      'date=2/empty.ndjson': '',
    }
    expect(await check(objects, { columns: ['x.email'], partitionKeys: ['date'] })).toEqual({
      objects: 3,
      isComplete: true,
      searched: 1,
      rowsSeen: 2,
      formats: ['ndjson'],
      refused: [],
    })
  })

  test('is refused where its columns are in no object, by their names', async () => {
    const wrong = check(
      { 'a.ndjson': '{"user_id":1}\n', 'b.csv': 'user_id,born\n1,2\n' },
      { columns: ['bron', 'born'] },
    )
    await expect(wrong).rejects.toMatchObject({ code: 'column-not-found', detail: { columns: ['bron'] } })
  })

  test('is refused where an object lies outside of its partitions', async () => {
    const objects = { 'date=1/a.ndjson': '{"user_id":1,"z":1}\n', 'b.ndjson': '{"user_id":1}\n' }
    await expect(check(objects, { partitionKeys: ['date'] })).rejects.toMatchObject({
      code: 'column-not-found',
      detail: { columns: ['date'] },
    })
  })

  test('is refused where it names no object, unless it allows that', async () => {
    await expect(check({})).rejects.toMatchObject({ code: 'no-data' })
    expect(await check({}, { allowNoObjects: true })).toMatchObject({ objects: 0, searched: 0 })
  })

  test('is refused where nothing can be searched, and warned where something cannot', async () => {
    const broken = { 'a.ndjson': 'broken\n' }
    await expect(check(broken)).rejects.toMatchObject({ code: 'malformed' })
    expect(await check({ ...broken, 'b.ndjson': '{"user_id":1}\n' })).toMatchObject({
      searched: 2,
      refused: [{ uri: 'lake/a.ndjson', code: 'malformed' }],
    })
  })

  test('is refused where the objects are of another format than it says', async () => {
    const objects = { 'a.ndjson': '{"user_id":1}\n' }
    const said = onlyFormat(formats, 'csv')
    await expect(check(objects, {}, said)).rejects.toMatchObject({ code: 'unknown-format' })
    expect(await check(objects, {}, onlyFormat(formats, 'ndjson'))).toMatchObject({ searched: 1 })
  })

  test('lists no more than it says', async () => {
    const objects = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`${n}.ndjson`, '{"user_id":1}\n']))
    expect(await check(objects)).toMatchObject({ objects: 1000, isComplete: false, searched: 1 })
  })
})
