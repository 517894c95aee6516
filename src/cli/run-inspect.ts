import { openLake, type StoreAccess } from '../compose.ts'
import { inspect } from '../engine/inspect.ts'
import type { CsvOptions } from '../formats/csv/options.ts'
import type { Fact } from '../formats/format.ts'
import { printable, sized } from './printable.ts'

/** `lethe inspect`: yields the exit status. */
export async function runInspect(
  {
    target,
    access,
    csv,
    json,
  }: {
    readonly target: string
    readonly access: StoreAccess
    readonly csv: CsvOptions | undefined
    readonly json: boolean
  },
  options: { readonly signal: AbortSignal },
): Promise<number> {
  const { uri, sizeBytes, format, facts } = await inspect(await openLake([target], access, csv), { target, ...options })
  if (json) {
    process.stdout.write(`${JSON.stringify({ uri, size: sizeBytes, format, facts }, undefined, 2)}\n`)
    return 0
  }
  const lines = [...factLines({ object: uri, size: sized(sizeBytes), format }), ...factLines(facts)]
  process.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

/** Facts as indented lines: `name: value`, what is nested two spaces further in. */
function factLines(facts: { readonly [name: string]: Fact }, indent = ''): string[] {
  return Object.entries(facts).flatMap(([name, fact]) => {
    const label = `${indent}${printable(name)}:`
    if (!isNested(fact)) return [`${label} ${printable(String(fact))}`]
    if (Object.keys(fact).length === 0) return [`${label} none`]
    if (!Array.isArray(fact)) return [label, ...factLines(fact as { readonly [name: string]: Fact }, `${indent}  `)]
    return [label, ...fact.flatMap((item: Fact) => itemLines(item, `${indent}  `))]
  })
}

function itemLines(item: Fact, indent: string): string[] {
  if (!isNested(item)) return [`${indent}- ${printable(String(item))}`]
  const [first = '', ...others] = factLines({ ...(item as { readonly [name: string]: Fact }) }, `${indent}  `)
  return [`${indent}- ${first.trimStart()}`, ...others]
}

function isNested(fact: Fact): fact is readonly Fact[] | { readonly [name: string]: Fact } {
  return typeof fact === 'object' && fact !== null
}
