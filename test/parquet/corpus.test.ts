import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { afterAll, describe, expect, it } from 'vitest'
import { hasShared, sharedFiles, sharedPath } from '../shared.ts'
import { judgeErasure, selections } from './judge.ts'

type Outcomes = Readonly<Record<keyof ReturnType<typeof selections>, unknown>>

const right: Outcomes = { none: [], first: [], last: [], middle: [], all: [] }
const damagedPages: Outcomes = { ...right, first: 'malformed', last: 'malformed', middle: 'malformed' }

const refused: Outcomes = { ...damagedPages, none: 'malformed', all: 'malformed' }

/** Every file has to be edited right, but for these. */
const exceptions: Readonly<Record<string, Outcomes>> = {
  // Checksums that are wrong: of pages that are read, and an erasure of all rows reads none.
  'datapage_v1-corrupt-checksum.parquet': damagedPages,
  'rle-dict-uncompressed-corrupt-checksum.parquet': damagedPages,
  // Its chunk is shorter than its pages.
  'nation.dict-malformed.parquet': refused,
  // The file has another number of rows than its row group.
  'repeated_no_annotation.parquet': refused,
}

const folder = mkdtempSync(join(tmpdir(), 'lethe-corpus-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!hasShared('corpora'))('erasing from the public corpus (needs the shared material)', () => {
  const data = sharedPath('corpora', 'parquet-testing', 'data')
  const files = sharedFiles('corpora', 'parquet-testing', 'data')
  // Chunks of more than 2 GB behind a small file: a process of its own tries it, see hostile.test.ts.
  const plain = files.filter((name) => name.endsWith('.parquet') && !name.startsWith('large_string_map'))
  const encrypted = files.filter((name) => name.endsWith('.parquet.encrypted'))

  it.each(plain)(
    '%s: the first, last, middle row, all and none go as they should',
    async (name) => {
      const bytes = readFileSync(join(data, name))
      const rows = Number(
        parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).num_rows,
      )
      const outcomes: Record<string, unknown> = {}
      for (const [selection, ordinals] of Object.entries(selections(rows))) {
        const verdict = await judgeErasure(bytes, ordinals, { folder })
        outcomes[selection] = verdict.kind === 'refused' ? verdict.code : verdict.faults
      }
      expect(outcomes).toEqual(exceptions[name] ?? right)
    },
    60_000,
  )

  it.each(encrypted)('%s is refused as encrypted', async (name) => {
    expect(await judgeErasure(readFileSync(join(data, name)), [])).toMatchObject({ kind: 'refused', code: 'encrypted' })
  })
})
