import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeRandom } from './random.ts'

const customers = 20_000
const days = 12
const ordersADay = 5_000
const clicksADay = 20_000

/**
 * Fills a folder with a small lake of NDJSON: orders and clicks of a shop, a folder a day as hive has it, and films of
 * the public collection `vega-datasets`.
 */
export function makeNdjsonLake(folder: string): void {
  const random = makeRandom(4711)
  for (let day = 1; day <= days; day += 1) {
    const date = `2026-03-${String(day).padStart(2, '0')}`
    write(
      join(folder, 'orders', `date=${date}`, 'part-0.ndjson'),
      rows(ordersADay, () => order(random)),
    )
    write(
      join(folder, 'clicks', `date=${date}`, 'part-0.ndjson'),
      rows(clicksADay, () => click(random, date)),
    )
  }
  const films = new URL('../data/movies.json', import.meta.resolve('vega-datasets'))
  const rowsOfFilms = JSON.parse(readFileSync(films, 'utf8')) as readonly unknown[]
  write(join(folder, 'films', 'movies.ndjson'), rowsOfFilms.map(line).join(''))
}

/** The ids of customers are texts in the orders and numbers in the clicks, as it goes in real lakes. */
function order(random: () => number) {
  const customer = Math.floor(random() * customers)
  return {
    order: Math.floor(random() * 1e9),
    customer: { id: `${customer}`, city: pick(random, ['Ålesund', 'Köln', 'São Paulo', 'Zürich', '大阪']) },
    items: [{ sku: Math.floor(random() * 1e4), price: Math.round(random() * 1e4) / 100 }],
  }
}

function click(random: () => number, date: string) {
  const customer = Math.floor(random() * customers)
  const second = String(Math.floor(random() * 60)).padStart(2, '0')
  return { at: `${date}T12:00:${second}Z`, user_id: customer, page: `/p/${Math.floor(random() * 500)}`, ms: random() }
}

function pick(random: () => number, choices: readonly string[]): string {
  return choices[Math.floor(random() * choices.length)]!
}

function rows(count: number, make: () => object): string {
  return Array.from({ length: count }, () => line(make())).join('')
}

function line(row: unknown): string {
  return `${JSON.stringify(row)}\n`
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
