import { describe, expect, test } from 'vitest'
import { probeBytes } from '../registry.ts'
import { detect } from './detect.ts'

function detected(content: string | Buffer, name = 'part-0000'): string {
  const bytes = Buffer.from(content as Buffer)
  return detect({ name, size: bytes.length, head: bytes.subarray(0, probeBytes), tail: bytes.subarray(-8) })
}

describe('NDJSON', () => {
  test.each([
    '{"id":1}\n{"id":2}\n',
    '{"id":1}',
    '{}\n',
    '\ufeff{"id":1}\n',
    ' \r\n\n\t{"id":1}\r\n',
    `{"id":"${'x'.repeat(2 * probeBytes)}"}\n`,
    `{"id":[${'1,'.repeat(probeBytes)}1]}\n`,
    `{"x":"${'é'.repeat(probeBytes)}"`,
    '{"id":1}\nnot JSON\n',
  ])('is told by a first line that is a JSON object', (content) => {
    expect(detected(content)).toBe('content')
    expect(detected(content, 'clicks.csv')).toBe('content')
  })

  test.each([
    'id,name\n1,Ann\n',
    '"id","name"\n',
    '"{""id"":1}",2\n',
    '{id},{name}\n',
    '{"id":1},{"id":2}\n',
    '{"id":1};2\n',
    '{\n"id":1\n}\n',
    '[{"id":1}]\n',
    '[\n',
    '42\n',
    '"id"\n',
    '',
    '\ufeff',
    'PAR1',
    'Obj\x01',
    `{"id":1,${'x'.repeat(2 * probeBytes)}`,
    Buffer.from('{"id":1}\n', 'utf16le'),
  ])('is not told by anything else, only by name', (content) => {
    expect(detected(content)).toBe('no')
    expect(detected(content, 'clicks.csv')).toBe('no')
    for (const name of ['a.ndjson', 'a.jsonl', 'a.json', 'A.JSON']) expect(detected(content, name)).toBe('name')
  })
})
