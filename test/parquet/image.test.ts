import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasShared, sharedFiles, sharedPath } from '../shared.ts'
import { decodeChunk, rowTexts } from './decode.ts'
import { generateFile, makePlans } from './generate.ts'
import { readImage, writeImage } from './image.ts'
import { faultsOf } from './physical-check.ts'
import { hyparquetDigests } from './readers.ts'
import { readTree, writeTree } from './thrift-tree.ts'

describe('an image of a Parquet file', () => {
  const plans = makePlans(3, 12)

  it.each(plans)('of $writer, put together again, has the same rows and no new fault', async (plan) => {
    const bytes = await generateFile(plan)
    const again = writeImage(readImage(bytes), { checksums: true })
    expect(await hyparquetDigests(again)).toEqual(await hyparquetDigests(bytes))
    const faults = (file: Uint8Array) => faultsOf(readImage(file)).map(({ kind, where }) => `${kind} ${where}`)
    expect(faults(again)).toEqual(faults(bytes))
  })

  it('keeps bytes that are put between structures as gaps', async () => {
    const bytes = await generateFile(plans[0]!)
    const gap = () => Buffer.from('between')
    const image = readImage(writeImage(readImage(bytes), { gap }))
    expect(image.gaps.length).toBeGreaterThan(3)
    for (const { start, end } of image.gaps)
      expect(Buffer.from(image.bytes.subarray(start, end)).toString()).toBe('between')
  })
})

describe.skipIf(!hasShared('corpora'))('over the public corpus (needs the shared material)', () => {
  const folder = sharedPath('corpora', 'parquet-testing', 'data')
  const files = sharedFiles('corpora', 'parquet-testing', 'data').filter(
    (name) => name.endsWith('.parquet') && !name.startsWith('nation.dict-malformed'),
  )

  it.each(files)('%s: the footer is read and written to the same bytes, the pages decode', (name) => {
    const bytes = readFileSync(`${folder}/${name}`)
    const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8)
    const { tree, end } = readTree(bytes, start)
    expect(Buffer.from(writeTree(tree)).equals(bytes.subarray(start, end))).toBe(true)
    if (name.startsWith('large_string_map')) return
    const { groups } = readImage(bytes)
    for (const { chunks } of groups) {
      const rows = chunks.map((chunk) => rowTexts(decodeChunk(chunk), chunk.leaf).length)
      expect(new Set(rows).size).toBe(1)
    }
  })
})
