import { describe, expect, test } from 'vitest'
import { lineBlocks, maxLineBytes } from './line-blocks.ts'

/** The lines as the blocks give them, with where they lie in the stream. */
async function linesOf(chunks: Iterable<string | Buffer>) {
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk as Buffer)
  }
  const lines: { offset: number; text: string; isUnended: boolean }[] = []
  for await (const { bytes, start, end, offset, isUnended } of lineBlocks(stream())) {
    for (let at = start, next: number; at < end; at = next) {
      next = bytes.indexOf(0x0a, at) + 1
      lines.push({ offset: offset + at - start, text: bytes.toString('latin1', at, next - 1), isUnended })
    }
  }
  return lines
}

describe('lines of a stream', () => {
  test('are the same wherever the chunks are cut', async () => {
    const text = 'a\n\nbcd\r\nefghij\n'
    const expected = await linesOf([text])
    expect(expected.map(({ offset, text: line }) => [offset, line])).toEqual([
      [0, 'a'],
      [2, ''],
      [3, 'bcd\r'],
      [8, 'efghij'],
    ])
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const chunks = [text.slice(0, first), text.slice(first, second), text.slice(second)]
        expect(await linesOf(chunks)).toEqual(expected)
      }
    }
  })

  test('may end without a newline, which is told', async () => {
    expect(await linesOf(['a\n', 'b'])).toEqual([
      { offset: 0, text: 'a', isUnended: false },
      { offset: 2, text: 'b', isUnended: true },
    ])
  })

  test('do not hold a byte-order mark at the beginning, however it is cut', async () => {
    const bytes = Buffer.from('\ufeffa\n\ufeffb\n')
    for (const size of [1, 2, 3, 4, 10]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      expect((await linesOf(chunks)).map(({ offset, text }) => [offset, text])).toEqual([
        [3, 'a'],
        [5, '\xef\xbb\xbfb'],
      ])
    }
    expect(await linesOf(['\ufeff'])).toEqual([])
    expect(await linesOf(['\ufeff\n'])).toEqual([{ offset: 3, text: '', isUnended: false }])
  })

  const megabyte = Buffer.alloc(1024 * 1024, 'x')

  test('are as long as the limit allows', async () => {
    const [line, ...more] = await linesOf([...Array<Buffer>(64).fill(megabyte), '\na'])
    expect(line?.text.length).toBe(maxLineBytes)
    expect(more).toEqual([{ offset: maxLineBytes + 1, text: 'a', isUnended: true }])
    expect((await linesOf(Array<Buffer>(64).fill(megabyte)))[0]).toMatchObject({ offset: 0, isUnended: true })
  })

  test('that are longer are refused by name, in one chunk too', async () => {
    const tooLong = expect.objectContaining({ code: 'limit-exceeded', outcome: 'refused' })
    await expect(linesOf([...Array<Buffer>(64).fill(megabyte), 'x'])).rejects.toEqual(tooLong)
    await expect(linesOf([...Array<Buffer>(64).fill(megabyte), 'x\n'])).rejects.toEqual(tooLong)
    await expect(linesOf([Buffer.alloc(maxLineBytes + 1, 'x'), '\n'])).rejects.toEqual(tooLong)
  })
})
