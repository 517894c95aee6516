import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { uuidOfText } from './uuid-text.ts'

test('yields the bytes of a UUID in its canonical form, in either case', () => {
  const uuid = randomUUID()
  const bytes = Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
  expect(uuidOfText(uuid)).toEqual(bytes)
  expect(uuidOfText(uuid.toUpperCase())).toEqual(bytes)
})

test.each([
  '',
  '123e4567e89b12d3a456426614174000',
  '{123e4567-e89b-12d3-a456-426614174000}',
  'g23e4567-e89b-12d3-a456-426614174000',
  '123e4567-e89b-12d3-a456-426614174000 ',
])('is undefined for %j', (text) => {
  expect(uuidOfText(text)).toBeUndefined()
})
