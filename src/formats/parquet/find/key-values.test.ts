import { describe, expect, it } from 'vitest'
import { type KeyColumn, keyValues } from './key-values.ts'

const decimal = (physicalType: KeyColumn['physicalType'], { scale = 2, typeLength = 0 }): KeyColumn => ({
  physicalType,
  typeLength,
  type: { kind: 'decimal', scale },
})

describe('a type whose values cannot be compared with a text', () => {
  it.each<[string, KeyColumn]>([
    ['an unknown logical type', { physicalType: 'INT32', typeLength: 0, type: { kind: 'unrecognised' } }],
    ['BSON', { physicalType: 'BYTE_ARRAY', typeLength: 0, type: { kind: 'bson' } }],
    ['an interval', { physicalType: 'FIXED_LEN_BYTE_ARRAY', typeLength: 12, type: { kind: 'interval' } }],
    ['a UUID of 15 bytes', { physicalType: 'FIXED_LEN_BYTE_ARRAY', typeLength: 15, type: { kind: 'uuid' } }],
    ['a date of 64 bits', { physicalType: 'INT64', typeLength: 0, type: { kind: 'date' } }],
    ['a string of numbers', { physicalType: 'INT32', typeLength: 0, type: { kind: 'string' } }],
    [
      'an integer of 64 bits in 32',
      { physicalType: 'INT32', typeLength: 0, type: { kind: 'integer', bitWidth: 64, isSigned: true } },
    ],
    [
      'an integer of 7 bits',
      { physicalType: 'INT32', typeLength: 0, type: { kind: 'integer', bitWidth: 7, isSigned: true } },
    ],
    [
      'milliseconds of a day in 64 bits',
      { physicalType: 'INT64', typeLength: 0, type: { kind: 'time', unit: 'millis', isAdjustedToUtc: true } },
    ],
    ['fixed bytes of no length', { physicalType: 'FIXED_LEN_BYTE_ARRAY', typeLength: 0, type: { kind: 'none' } }],
    ['a decimal of negative scale', decimal('INT32', { scale: -1 })],
    ['a decimal of a billion digits', decimal('INT32', { scale: 2 ** 31 - 1 })],
    ['a decimal of a billion bytes', decimal('FIXED_LEN_BYTE_ARRAY', { typeLength: 2 ** 31 - 1 })],
    ['a decimal in a double', decimal('DOUBLE', {})],
  ])('%s', (_name, column) => {
    expect(keyValues(column)).toBeUndefined()
  })
})
