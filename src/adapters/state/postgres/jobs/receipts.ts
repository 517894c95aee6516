import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { canonicalJson } from '../../../../domain/canonical-json.ts'
import { type ChainedReceipt, chainStart, linkOf, type Receipt } from '../../../../domain/receipt.ts'
import type { EndedTask, JobStore, Task } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { type EndedRow, endedColumns, endedTaskOf } from './findings.ts'

export async function addReceipts(
  db: Kysely<Tables>,
  id: string,
  receipts: Parameters<JobStore['addReceipts']>[1],
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // Whoever appends to a chain does it alone.
    await sql`SELECT 1 FROM jobs WHERE id = ${id}::uuid FOR UPDATE`.execute(transaction)
    const { rows: ends } = await sql<{ position: number; hash: string }>`
      SELECT position, hash FROM receipts WHERE job_id = ${id}::uuid
      ORDER BY position DESC LIMIT 1`.execute(transaction)
    const { rows: known } = await sql<{ task_id: number }>`
      SELECT task_id FROM receipts WHERE task_id IN (
        SELECT (value #>> '{}')::bigint FROM jsonb_array_elements(
          ${JSON.stringify(receipts.map(({ taskId }) => taskId))}::jsonb))`.execute(transaction)
    const knownIds = new Set(known.map(({ task_id }) => task_id))
    let last = ends[0] ?? { position: -1, hash: chainStart }
    const rows = receipts
      .filter(({ taskId }) => !knownIds.has(taskId))
      .map(({ taskId, body }) => {
        const previous_hash = last.hash
        last = { position: last.position + 1, hash: hashOf({ body, previousHash: previous_hash }) }
        return { ...last, task_id: taskId, body, previous_hash }
      })
    await sql`
      INSERT INTO receipts (job_id, position, task_id, body, previous_hash, hash)
      SELECT ${id}::uuid, position, task_id, body, previous_hash, hash
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (
        position int, task_id bigint, body jsonb, previous_hash text, hash text)`.execute(transaction)
  })
}

function hashOf(receipt: Pick<ChainedReceipt, 'body' | 'previousHash'>): string {
  return createHash('sha256')
    .update(canonicalJson(linkOf(receipt)))
    .digest('hex')
}

export async function readWithoutReceipt(
  db: Kysely<Tables>,
  id: string,
  { limit }: { readonly limit: number },
): Promise<readonly EndedTask[]> {
  const { rows } = await sql<EndedRow>`
    SELECT ${endedColumns} FROM tasks t
    WHERE t.job_id = ${id}::uuid AND t.phase IN ('FORGET', 'CLEANUP') AND t.ended_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.task_id = t.id)
    ORDER BY t.id LIMIT ${limit}::int`.execute(db)
  return rows.map(endedTaskOf)
}

export async function isFirst(db: Kysely<Tables>, { id }: Pick<Task, 'id'>): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM tasks t JOIN tasks c ON c.job_id = t.job_id AND c.phase = t.phase AND c.pass = t.pass
      AND ((c.object_id = t.object_id AND t.version_id IS NOT NULL AND c.version_id IS NULL) OR c.object_id = t.owner_id)
    WHERE t.id = ${id}::bigint AND (c.ended_at IS NULL OR c.state IN ('refused', 'failed'))`.execute(db)
  return rows.length === 0
}

export async function readReceipts(
  db: Kysely<Tables>,
  id: string,
  { after, limit }: Parameters<JobStore['receipts']>[1],
): Promise<readonly ChainedReceipt[]> {
  const { rows } = await sql<{ position: number; body: Receipt; previous_hash: string; hash: string }>`
    SELECT position, body, previous_hash, hash FROM receipts
    WHERE job_id = ${id}::uuid AND position > ${after}::int ORDER BY position LIMIT ${limit}::int`.execute(db)
  return rows.map(({ previous_hash, ...row }) => ({ ...row, previousHash: previous_hash }))
}
