import { expect, test } from 'vitest'
import { chooseColumn } from './column.ts'

test('takes the exact name even where others differ in case alone', () => {
  expect(chooseColumn('id', ['ID', 'id', 'Id'])).toEqual({ kind: 'one', index: 1 })
})

test('takes the one that differs in case alone where no exact one exists', () => {
  expect(chooseColumn('id', ['name', 'ID'])).toEqual({ kind: 'one', index: 1 })
  expect(chooseColumn('straße', ['STRAßE'])).toEqual({ kind: 'one', index: 0 })
})

test('guesses neither between several in another case nor between two of the same name', () => {
  expect(chooseColumn('id', ['ID', 'Id'])).toEqual({ kind: 'ambiguous' })
  expect(chooseColumn('id', ['id', 'x', 'id'])).toEqual({ kind: 'ambiguous' })
})

test('takes none where none is meant', () => {
  expect(chooseColumn('id', ['i_d', 'id ', ''])).toEqual({ kind: 'none' })
  expect(chooseColumn('id', [])).toEqual({ kind: 'none' })
})
