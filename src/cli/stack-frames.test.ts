import { expect, test } from 'vitest'
import { stackFrames } from './stack-frames.ts'

test('tells where an error and its cause came from, and no word of their texts', () => {
  const cause = new SyntaxError('secret "Ada"\n    at secret (file:///secret.ts:1:1)')
  const frames = stackFrames(new Error('secret', { cause })).join('\n')
  expect(frames).toContain('stack-frames.test.ts')
  expect(frames).toContain('SyntaxError')
  expect(frames).not.toContain('secret')
})

test('tells nothing of what is no error, or has a text that cannot be told from its frames', () => {
  expect(stackFrames('secret')).toEqual([])
  const error = new Error('other')
  error.stack = 'Error: one\n    at secret (file:///secret.ts:1:1)'
  expect(stackFrames(error)).toEqual(['  Error'])
})
