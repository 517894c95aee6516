import { type Kysely, sql } from 'kysely'
import type { RequestFindings } from '../../../../ports/job-store.ts'
import type { Tables } from '../tables.ts'
import { hitsOfMatches } from './findings.ts'

interface RequestRow {
  readonly reference: string | null
  readonly matches: number
  readonly not_found: number
  readonly rows: number
}

interface MapperRow {
  readonly reference: string | null
  readonly mapper: string
  readonly objects: number
  readonly old_versions: number
  readonly rows: number
  readonly bytes_read: number
  readonly bytes_to_write: number
}

/** What a find learnt for each request. Of two matches of a request that say the same, rows are counted once. */
export async function readRequests(db: Kysely<Tables>, id: string): Promise<readonly RequestFindings[]> {
  const { rows: requests } = await sql<RequestRow>`
    WITH hits AS (${hitsOfMatches(id)}),
    found AS (SELECT DISTINCT position FROM hits),
    counted AS (
      SELECT reference, sum(row_count)::bigint AS rows
      FROM (SELECT DISTINCT reference, owner, task_id, row_count FROM hits) AS d GROUP BY reference)
    SELECT m.reference, count(*) AS matches, count(*) FILTER (WHERE f.position IS NULL) AS not_found,
      coalesce(max(c.rows), 0)::bigint AS rows
    FROM job_matches j JOIN matches m ON m.id = j.match_id
    LEFT JOIN found f ON f.position = j.position
    LEFT JOIN counted c ON c.reference IS NOT DISTINCT FROM m.reference
    WHERE j.job_id = ${id}::uuid GROUP BY m.reference ORDER BY m.reference NULLS LAST`.execute(db)
  const mappers = await readMappersOfRequests(db, id)
  return requests.map(({ reference, matches, not_found, rows }) => ({
    reference,
    matches,
    notFound: not_found,
    rows,
    mappers: mappers.get(reference) ?? [],
  }))
}

async function readMappersOfRequests(
  db: Kysely<Tables>,
  id: string,
): Promise<ReadonlyMap<string | null, RequestFindings['mappers']>> {
  const { rows } = await sql<MapperRow>`
    WITH hits AS (${hitsOfMatches(id)}),
    objects AS (
      SELECT reference, mapper, task_id, sum(row_count)::bigint AS rows
      FROM (SELECT DISTINCT reference, owner, mapper, task_id, row_count FROM hits) AS d
      GROUP BY reference, mapper, task_id)
    SELECT o.reference, o.mapper, count(*) FILTER (WHERE t.version_id IS NULL) AS objects,
      count(*) FILTER (WHERE t.version_id IS NOT NULL) AS old_versions, sum(o.rows)::bigint AS rows,
      coalesce(sum((t.detail #>> '{bytes,read}')::bigint), 0)::bigint AS bytes_read,
      coalesce(sum((t.detail #>> '{bytes,kept}')::bigint + (t.detail #>> '{bytes,inserted}')::bigint)
        FILTER (WHERE t.version_id IS NULL AND coalesce(t.detail ->> 'action', '') <> 'remove'), 0)::bigint
        AS bytes_to_write
    FROM objects o JOIN tasks t ON t.id = o.task_id
    GROUP BY o.reference, o.mapper ORDER BY o.reference NULLS LAST, o.mapper`.execute(db)
  const mappers = new Map<string | null, RequestFindings['mappers'][number][]>()
  for (const { reference, mapper, objects, old_versions, rows: rowsFound, bytes_read, bytes_to_write } of rows) {
    const known = mappers.get(reference) ?? []
    mappers.set(reference, known)
    known.push({
      mapper,
      objects,
      oldVersions: old_versions,
      rows: rowsFound,
      bytesRead: bytes_read,
      bytesToWrite: bytes_to_write,
    })
  }
  return mappers
}
