import { describePredicate } from '../domain/predicate.ts'
import { columnsOf } from '../engine/find.ts'
import { counted, printable } from './printable.ts'
import { type RunReport, reportDocument } from './report-document.ts'
import { reportText } from './report-text.ts'
import { warn } from './say.ts'
import type { SearchedTargets } from './search-targets.ts'
import { sideEffectWords } from './side-effect-words.ts'
import { fuseWords } from './warning-words.ts'

/** Prints what a run came to on standard output: a document for programs, or a table for people. */
export function printReport(given: RunReport, searched: SearchedTargets, { json }: { readonly json: boolean }): void {
  const run = withTransfers(given, searched)
  if (!json) {
    process.stdout.write(peopleReport(run, searched))
    return
  }
  // The document has no place for what is said of a match and not of an object.
  for (const sentence of fuseSentences(searched)) warn(sentence)
  for (const piece of reportDocument(run)) process.stdout.write(piece)
}

/** The plan or the result in words: what was looked for, the objects, the sums, and what to look at twice. */
export function peopleReport(given: RunReport, searched: SearchedTargets): string {
  const run = withTransfers(given, searched)
  const fuses = fuseSentences(searched).map((sentence) => `warning: ${sentence}\n`)
  const effects = (run.sideEffects ?? []).map((effect) => `warning: ${sideEffectWords(effect)}\n`)
  return [lookedFor(searched), reportText(run), ...fuses, ...effects].join('')
}

/** What has been moved up to now. */
function withTransfers(run: RunReport, { lake }: SearchedTargets): RunReport {
  return { ...run, transfers: lake.store.transfers?.() }
}

function fuseSentences({ found, matches }: SearchedTargets): string[] {
  return found.fuses.map((fuse) => fuseWords(fuse, matches))
}

/** Names of columns are told only where a searched object has them: another may be an id that stands where a header should. */
function lookedFor({ matches: { predicate }, found }: SearchedTargets): string {
  const known = new Set(found.findings.flatMap(columnsOf))
  const isKnown = [...predicate.columns.keys()].every((column) => known.has(column))
  if (isKnown) return `looking for ${printable(describePredicate(predicate))}\n`
  const count = predicate.groups.reduce((sum, { positions }) => sum + positions.length, 0)
  return `looking for ${counted(count, 'match', 'matches')}\n`
}
