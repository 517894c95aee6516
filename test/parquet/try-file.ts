import { readFileSync, writeFileSync } from 'node:fs'
import { LetheError } from '../../src/domain/error.ts'
import { eraseRows, findRows, searchFor } from './erase-rows.ts'
import { selections } from './judge.ts'

/**
 * `node try-file.ts FILE OUTPUT`: erases the first, last, middle row, all and none of a file that may do anything to a
 * process, writes each output beside OUTPUT, and prints what became of each as JSON, with the most memory it took.
 */
const [path, output] = process.argv.slice(2)
const bytes = readFileSync(path!)
const outcomes: Record<string, string> = {}

async function outcomeOf(run: () => Promise<void>): Promise<string> {
  try {
    await run()
    return 'done'
  } catch (error) {
    if (error instanceof LetheError && error.outcome === 'refused') return error.code
    throw error
  }
}

let rowsSeen = 0
outcomes['find'] = await outcomeOf(async () => {
  rowsSeen = (await findRows(bytes, searchFor([{ column: 'no such column', value: '1' }]))).found.rowsSeen
})
if (outcomes['find'] === 'done') {
  for (const [name, rows] of Object.entries(selections(Math.min(rowsSeen, 1_000_000)))) {
    outcomes[name] = await outcomeOf(async () => writeFileSync(`${output}.${name}`, await eraseRows(bytes, rows)))
  }
}
console.log(JSON.stringify({ rowsSeen, outcomes, peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }))
