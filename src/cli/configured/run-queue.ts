import { LetheError } from '../../domain/error.ts'
import { addMatches } from '../../engine/queue/add-matches.ts'
import { destroyFinishedKeys } from '../../engine/queue/destroy-finished-keys.ts'
import { findQueued } from '../../engine/queue/find-queued.ts'
import { listMatches, type MaskedMatch } from '../../engine/queue/list-matches.ts'
import { type MatchState, matchStates } from '../../ports/queue-store.ts'
import { counted, printable } from '../printable.ts'
import type { RunOptions } from '../request-run.ts'
import { say, warn } from '../say.ts'
import { tableLines } from '../table.ts'
import { edgeSpaceWords } from '../warning-words.ts'
import { readContents, readNewMatches } from './queue-matches.ts'
import type { QueueAddOptions, QueueListOptions, QueueRemoveOptions } from './queue-options.ts'
import { actorOf, today, withWorkspace } from './with-workspace.ts'

const maxEdgeSpaces = 100

/** `lethe queue add`: yields the exit status. */
export async function runQueueAdd(options: QueueAddOptions, { signal }: RunOptions): Promise<number> {
  const day = today()
  const received = options.received ?? day
  if (received > day) throw new LetheError('invalid-argument', '--received is a day that is yet to come')
  const edgeSpaces: string[] = []
  let edgeSpaceCount = 0
  const matches = readNewMatches(options.matches, {
    signal,
    reference: options.reference,
    receivedOn: received,
    referenceColumn: options.referenceColumn,
    receivedColumn: options.receivedColumn,
    today: day,
    onEdgeSpace: (line) => {
      edgeSpaceCount += 1
      if (edgeSpaces.length < maxEdgeSpaces) edgeSpaces.push(`line ${line} of the matches`)
    },
  })
  const added = await withWorkspace(options, (workspace, { queue }) =>
    addMatches(workspace, {
      matches,
      ...(options.mapper === undefined ? {} : { mappers: options.mapper }),
      deadline: options.deadline ?? queue.deadline,
      addedBy: actorOf(options.by),
    }),
  )
  for (const sentence of edgeSpaceWords({ edgeSpaces, edgeSpaceCount })) warn(sentence)
  if (options.json === true) process.stdout.write(`${JSON.stringify({ batch: added.batchId, added: added.count })}\n`)
  else process.stdout.write(`added ${counted(added.count, 'match', 'matches')} as batch ${added.batchId}\n`)
  return 0
}

/** Above so many the table ends and the rest is counted: who wants them all reads the document. */
const maxListed = 1000

/** `lethe queue list`: yields the exit status. */
export async function runQueueList(options: QueueListOptions, { signal }: RunOptions): Promise<number> {
  const contents = options.matches === undefined ? undefined : await readContents(options.matches, { signal })
  await withWorkspace(options, async (workspace) => {
    const ids = contents === undefined ? undefined : await findQueued(workspace, contents)
    const matches = listMatches(workspace, {
      states: statesOf(options),
      today: today(),
      ...(options.reference === undefined ? {} : { reference: options.reference }),
      ...(ids === undefined ? {} : { ids }),
    })
    const wanted = options.atRisk === true ? onlyAtRisk(matches) : matches
    await (options.json === true ? printDocument(wanted) : printTable(wanted))
  })
  return 0
}

function statesOf({ state, all }: QueueListOptions): readonly MatchState[] {
  if (state !== undefined) return state
  return all === true ? matchStates : ['QUEUED', 'HELD']
}

async function* onlyAtRisk(matches: AsyncIterable<MaskedMatch>): AsyncGenerator<MaskedMatch> {
  for await (const match of matches) if (match.isAtRisk === true) yield match
}

/** A match a line, so that a million of them are never one string. */
async function printDocument(matches: AsyncIterable<MaskedMatch>): Promise<void> {
  let separator = '{"matches":[\n'
  let count = 0
  let atRisk = 0
  for await (const match of matches) {
    count += 1
    if (match.isAtRisk === true) atRisk += 1
    process.stdout.write(`${separator}${JSON.stringify(documentOf(match))}`)
    separator = ',\n'
  }
  process.stdout.write(
    `${count === 0 ? '{"matches":[' : ''}\n],\n"totals":${JSON.stringify({ matches: count, atRisk })}}\n`,
  )
}

function documentOf(match: MaskedMatch) {
  const { id, state, batchId, reference, mappers, receivedOn, dueOn, deadline, heldBy, addedAt, finishedAt } = match
  return {
    id,
    state,
    reference: reference ?? null,
    match: shapeOf(match),
    columns: match.columns ?? null,
    mappers: mappers ?? null,
    received: receivedOn,
    due: dueOn,
    deadline,
    daysLeft: match.daysLeft ?? null,
    atRisk: match.isAtRisk ?? false,
    heldBy: heldBy ?? null,
    batch: batchId,
    addedAt,
    finishedAt: finishedAt ?? null,
  }
}

async function printTable(matches: AsyncIterable<MaskedMatch>): Promise<void> {
  const rows: string[][] = []
  let count = 0
  let atRisk = 0
  for await (const match of matches) {
    count += 1
    if (match.isAtRisk === true) atRisk += 1
    if (rows.length < maxListed) rows.push(cellsOf(match))
  }
  const header = ['id', 'state', 'reference', 'received', 'due', 'days left', 'mappers', 'match']
  const lines = [
    ...(rows.length === 0 ? [] : tableLines(header, rows)),
    ...(count > rows.length
      ? [`... and ${counted(count - rows.length, 'more match', 'more matches')}; --json has all`]
      : []),
    `${counted(count, 'match', 'matches')}${atRisk === 0 ? '' : `, ${atRisk.toLocaleString('en-US')} at risk`}`,
  ]
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

function cellsOf(match: MaskedMatch): string[] {
  const { id, state, reference = '', receivedOn, dueOn, daysLeft, isAtRisk, mappers } = match
  const left =
    daysLeft === undefined ? '' : `${daysLeft}${isAtRisk === true ? (daysLeft < 0 ? ' OVERDUE' : ' AT RISK') : ''}`
  const where = mappers === undefined ? 'all' : mappers.join(', ')
  return [String(id), state, printable(reference), receivedOn, dueOn, left, where, printable(shapeOf(match))]
}

/** `user_id = ****`, `(born, last) = ****`; of a simple match `keys = ****`. What may be an id is no name here. */
function shapeOf({ columns }: Pick<MaskedMatch, 'columns'>): string {
  if (columns === undefined) return '****'
  if (columns.length === 0) return 'keys = ****'
  const names = columns.map((name) => name ?? '****').join(', ')
  return `${columns.length === 1 ? names : `(${names})`} = ****`
}

/** `lethe queue remove`: yields the exit status. */
export async function runQueueRemove(
  ids: readonly number[],
  { reference, matches, json = false, ...options }: QueueRemoveOptions,
  { signal }: RunOptions,
): Promise<number> {
  if ([ids.length > 0, reference !== undefined, matches !== undefined].filter(Boolean).length !== 1) {
    throw new LetheError('invalid-argument', 'queue remove takes ids, or --reference, or --matches: one of these')
  }
  const contents = matches === undefined ? undefined : await readContents(matches, { signal })
  const removed = await withWorkspace(options, async (workspace) => {
    const named = contents === undefined ? ids : await findQueued(workspace, contents)
    const count = await workspace.queue.remove(reference === undefined ? { ids: named } : { reference }, {
      by: actorOf(undefined),
    })
    const batches = await destroyFinishedKeys(workspace)
    if (batches > 0) say(`${counted(batches, 'key')} of batches without a match destroyed`)
    return count
  })
  if (json) process.stdout.write(`${JSON.stringify({ removed })}\n`)
  else process.stdout.write(`removed ${counted(removed, 'match', 'matches')}\n`)
  return 0
}
