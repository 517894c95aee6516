import { describe, expect, test } from 'vitest'
import { mapperNamed } from '../test/state/stores-suite.ts'
import { makeTemporaryFolder } from '../test/temporary-folder.ts'
import { openMapperPlace, openNamedStore } from './compose.ts'

describe('a store of the configuration', () => {
  test('takes its own folder as it is written, whatever a glob would make of it', async () => {
    await using folder = await makeTemporaryFolder()
    const name = 'la[k]e {a,b} *?!(x)'
    for (const file of [`${name}/clicks/a.ndjson`, `${name}/clicks/b.ndjson`, 'lake a xy/clicks/c.ndjson']) {
      await folder.put(file, '{}\n')
    }
    const { store, target, root } = await openNamedStore({ folder: `${folder.root}${name}` })
    expect(root).toBe(`${folder.root}${name}/`)
    const namesOf = async (location: string) => {
      const keys = []
      for await (const item of store.list(target(location))) keys.push(item.key.slice(root.length))
      return keys
    }
    const both = ['clicks/a.ndjson', 'clicks/b.ndjson']
    expect(await namesOf('')).toEqual(both)
    expect(await namesOf('clicks/')).toEqual(both)
    expect(await namesOf('*/*.ndjson')).toEqual(both)
    expect(await namesOf('clicks/{b,c}.ndjson')).toEqual(['clicks/b.ndjson'])
    expect(await namesOf('clicks/a.ndjson')).toEqual(['clicks/a.ndjson'])
  })

  test('is asked for by the mappers that name it, and their patterns are from its root', async () => {
    const stores = { lake: { folder: '/data/lake' } }
    const mapper = mapperNamed('photos', { objectMatch: 'photos/{user_id}.png', sidecar: '{name}.json' })
    const { target, wholeObjects } = await openMapperPlace(mapper, { stores })
    expect(target).toBe('/data/lake/photos/')
    expect(wholeObjects?.pattern?.readings('/data/lake/photos/42.png')).toEqual([new Map([['user_id', '42']])])
    expect(wholeObjects?.sidecar?.ownerOf('/data/lake/photos/42.png.json')).toBe('/data/lake/photos/42.png')
    const elsewhere = mapperNamed('photos', { store: 'constructor' })
    await expect(openMapperPlace(elsewhere, { stores })).rejects.toMatchObject({ code: 'not-found' })
  })

  test('reads what a mapper says is CSV under any name, and nothing else as CSV', async () => {
    await using folder = await makeTemporaryFolder()
    await folder.put('a.dat', 'user_id;x\n1;2\n')
    await folder.put('b.dat', '{"user_id":1}\n')
    const stores = { lake: { folder: folder.root } }
    const { formats } = await openMapperPlace(mapperNamed('x', { format: 'csv', csv: { delimiter: ';' } }), { stores })
    const certainties = async (head: string) =>
      Promise.all(
        formats.map(async (format) => [
          format.name,
          await format.detect({ name: 'a.dat', size: head.length, head: Buffer.from(head), tail: Buffer.from(head) }),
        ]),
      )
    expect((await certainties('user_id;x\n1;2\n')).filter(([, certainty]) => certainty !== 'no')).toEqual([
      ['csv', 'name'],
    ])
    expect(await certainties('{"user_id":1}\n')).toContainEqual(['ndjson', 'content'])
  })
})
