import { expect, test } from 'vitest'
import { partitionColumns } from './partition.ts'

test('takes every folder named name=value, outermost first, and not the object', () => {
  expect(partitionColumns('lake/year=2024/x/user_id=a=b/k=v.json')).toEqual([
    { name: 'year', value: '2024' },
    { name: 'user_id', value: 'a=b' },
  ])
})

test('decodes percent escapes in name and value', () => {
  expect(partitionColumns('my%20key=a%2Fb%C3%A9/f')).toEqual([{ name: 'my key', value: 'a/bé' }])
})

test('takes what is no escape as it is written', () => {
  expect(partitionColumns('share=50%/f')).toEqual([{ name: 'share', value: '50%' }])
})

test('knows the mark of a null, and an empty value as a value', () => {
  expect(partitionColumns('a=__HIVE_DEFAULT_PARTITION__/b=/f')).toEqual([
    { name: 'a', value: null },
    { name: 'b', value: '' },
  ])
})

test('sees no column in a folder without a name before the sign', () => {
  expect(partitionColumns('=x/plain/f')).toEqual([])
})
