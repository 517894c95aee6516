import { expect, test } from 'vitest'
import { bind } from '../domain/predicate.ts'
import { nameOf, partitionsOf } from './object-paths.ts'

const predicate = bind([{ kind: 'simple', column: 'Day', value: '1', position: 0 }])

test('an object is called by the link that led to it', () => {
  expect(nameOf({ key: 'a/b.json' })).toBe('b.json')
  expect(nameOf({ key: 'blobs/1', linkPath: 'a/b.json' })).toBe('b.json')
})

test('folders of the object and of the link give columns, each once', () => {
  const object = { key: '/real/day=1/country=DE/x', linkPath: '/lake/day=1/hour=2/x' }
  expect(partitionsOf(object, predicate)).toEqual([
    { name: 'day', value: '1' },
    { name: 'hour', value: '2' },
    { name: 'country', value: 'DE' },
  ])
  expect(partitionsOf({ key: '/day=1/day=2/x' }, predicate)).toEqual([
    { name: 'day', value: '1' },
    { name: 'day', value: '2' },
  ])
})

test('two values of a column are ambiguous where a match names it, in any case; elsewhere the link is followed', () => {
  const paths = (name: string) => ({ key: `/real/${name}=1/x`, linkPath: `/lake/${name}=2/x` })
  expect(() => partitionsOf(paths('day'), predicate)).toThrow(expect.objectContaining({ code: 'ambiguous-column' }))
  expect(partitionsOf(paths('hour'), predicate)).toEqual([{ name: 'hour', value: '2' }])
})
