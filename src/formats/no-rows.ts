import { Ranges } from '../domain/ranges.ts'
import { makeEdit } from './edit.ts'
import type { Format } from './format.ts'

/**
 * What an object of no bytes is where its name is of no format: the one content that holds no rows in any. An erase that
 * takes all rows of an object without an extension leaves one.
 */
export const noRows: Format = {
  name: 'empty',
  inspect: () => Promise.resolve({ format: 'empty', facts: {} }),
  find: () =>
    Promise.resolve({
      rows: new Ranges(),
      ranges: new Ranges(),
      rowsSeen: 0,
      hits: new Map(),
      columns: new Set<string>(),
      warnings: [],
      estimate: { keptBytes: 0, insertedBytes: 0 },
    }),
  erase: (_, { spool }) => Promise.resolve(makeEdit([], { spool, rowsBefore: 0, rowsErased: 0 })),
  verify: () => Promise.resolve(),
}
