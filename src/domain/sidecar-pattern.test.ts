import { expect, test } from 'vitest'
import { parseSidecarPattern } from './sidecar-pattern.ts'

test.each([
  ['{name}.meta.json', '/lake/a.png', '/lake/a.png.meta.json'],
  ['meta-{name}.json', 's3://bucket/a.png', 's3://bucket/meta-a.png.json'],
  ['x{name}', 'bucket/deep/a', 'bucket/deep/xa'],
])('%s of %s is %s, and back', (pattern, object, sidecar) => {
  expect(parseSidecarPattern(pattern).sidecarOf(object)).toBe(sidecar)
  expect(parseSidecarPattern(pattern).ownerOf(sidecar)).toBe(object)
})

test.each(['/lake/a.png', '/lake/.meta.json', '/a.meta.json/b', '/lake/a.meta.json.gz'])('%s is no sidecar', (path) => {
  expect(parseSidecarPattern('{name}.meta.json').ownerOf(path)).toBeUndefined()
})

test.each(['', 'a.json', '{name}', '{name}{name}', 'meta/{name}.json', '.{name}.json', '_{name}', '{NAME}.json'])(
  '%s is no pattern',
  (pattern) => {
    expect(() => parseSidecarPattern(pattern)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  },
)
