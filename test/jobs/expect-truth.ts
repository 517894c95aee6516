import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { ChainedReceipt } from '../../src/domain/receipt.ts'
import type { JobStore } from '../../src/ports/job-store.ts'
import type { TemporaryFolder } from '../temporary-folder.ts'
import { type Row, readRows } from './make-test-world.ts'

/** What a lake held, and who is looked for. */
export interface Erasure {
  readonly folder: TemporaryFolder
  /** By the name of the file below the folder. */
  readonly files: ReadonlyMap<string, readonly Row[]>
  readonly isErased: (row: Row) => boolean
}

/**
 * At any moment, whoever died: each file holds what it did or exactly what had to stay, and of no file with a row left
 * says a receipt that it is erased. Read by readers that share no code with Lethe.
 */
export async function expectNothingFalse(
  jobs: Pick<JobStore, 'receipts'>,
  id: string,
  { folder, files, isErased }: Erasure,
): Promise<void> {
  const receipts = await jobs.receipts(id, { after: -1, limit: 100_000 })
  const saidOf = new Map(receipts.map(({ body }) => [body.uri, body]))
  expectChain(receipts)
  for (const [name, before] of files) {
    const kept = before.filter((row) => !isErased(row))
    const rows = await readRows(folder, name)
    const said = saidOf.get(`${folder.root}${name}`)
    expect(rows, name).toEqual(said?.outcome === 'erased' || rows.length < before.length ? kept : before)
    if (said?.outcome === 'erased') expect(said.rows?.erased, name).toBe(before.length - kept.length)
  }
}

/** When a job has come to its end: it ended well, and nothing is left of whom it looked for. */
export async function expectErased(
  jobs: Pick<JobStore, 'receipts' | 'get'>,
  id: string,
  { folder, files, isErased }: Erasure,
): Promise<void> {
  expect(await jobs.get(id)).toMatchObject({ state: 'COMPLETED', error: null })
  await expectNothingFalse(jobs, id, { folder, files, isErased })
  const receipts = await jobs.receipts(id, { after: -1, limit: 100_000 })
  const erased = [...files].filter(([, rows]) => rows.some(isErased)).map(([name]) => `${folder.root}${name}`)
  const words = receipts.map(({ body }) => `${body.outcome} ${body.uri}`).sort()
  expect(words).toEqual(erased.map((uri) => `erased ${uri}`).sort())
  for (const [name, before] of files) {
    expect(await readRows(folder, name), name).toEqual(before.filter((row) => !isErased(row)))
  }
}

/** Nothing of the work is left beside the objects. */
export async function expectNothingBeside({ folder, files }: Pick<Erasure, 'folder' | 'files'>): Promise<void> {
  const inLake = (await folder.names()).filter((name) => name.startsWith('lake/'))
  expect(inLake).toEqual([...files.keys()].sort())
}

/** Each receipt holds the hash of the one before; the canonical form of RFC 8785 by another way than that of Lethe. */
export function expectChain(receipts: readonly ChainedReceipt[]): void {
  let previous = '0'.repeat(64)
  for (const [index, { position, body, previousHash, hash }] of receipts.entries()) {
    expect([position, previousHash]).toEqual([index, previous])
    const sorted = JSON.stringify({ previous, receipt: body }, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    )
    expect(hash).toBe(createHash('sha256').update(sorted).digest('hex'))
    previous = hash
  }
}
