import { expect, test } from 'vitest'
import { mapperNamed } from '../../../test/state/stores-suite.ts'
import { planMapperChanges } from './plan-mapper-changes.ts'

test('tells what is new, what differs and in what, what is the same, and what the code does not have', () => {
  const stored = [mapperNamed('same'), mapperNamed('other'), mapperNamed('gone')].map((mapper) => ({
    mapper: JSON.parse(JSON.stringify(mapper)),
    version: 1,
    createdAt: new Date(0),
    changedAt: new Date(0),
  }))
  const other = mapperNamed('other', { keys: ['id'], note: 'orders' })
  expect(planMapperChanges([mapperNamed('new'), mapperNamed('same'), other], stored)).toEqual({
    created: [mapperNamed('new')],
    changed: [{ before: mapperNamed('other'), after: other, fields: ['keys', 'note'] }],
    unchanged: ['same'],
    extra: ['gone'],
  })
})
