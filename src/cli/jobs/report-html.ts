import { grouped } from '../printable.ts'
import { goneWords, type JobReport } from './job-report.ts'
import { foundWords } from './job-text.ts'

/** One page that stands alone: no script, nothing loaded from anywhere. */
export function reportHtml({ job, requests, receipts }: JobReport): string {
  const rows = receipts.map(({ body, hash }) => [
    body.uri,
    body.outcome,
    body.rows === null ? '' : grouped(body.rows.erased),
    body.rows === null ? '' : grouped(body.rows.kept),
    body.erasedAt ?? '',
    goneWords(body),
    body.reason === null ? '' : `${body.reason.code}: ${body.reason.message}`,
    hash,
  ])
  const requestRows = requests.map(({ reference, matches, notFound, rows: found }) => [
    reference ?? '(none)',
    ...[matches, notFound, found].map(grouped),
  ])
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Lethe: job ${escapeHtml(job.id)}</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border-bottom: 1px solid #ccc; padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
td:last-child { font-family: monospace; overflow-wrap: anywhere; }
</style>
<h1>Deletion job ${escapeHtml(job.id)}</h1>
<p>${escapeHtml(job.state)}${job.error === null ? '' : `: ${escapeHtml(job.error.message)}`}</p>
<p>Requested by ${escapeHtml(job.requestedBy)}, ${escapeHtml(job.createdAt.toISOString())}.
${job.plan === null ? '' : escapeHtml(foundWords(job.plan.matches))}</p>
${table(['Request', 'Matches', 'Not found', 'Rows found'], requestRows)}
${table(['Object', 'Outcome', 'Rows erased', 'Rows kept', 'Erased', 'Physically gone', 'Reason', 'Hash'], rows)}
</html>
`
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<table>\n${[line(header, 'th'), ...rows.map((row) => line(row, 'td'))].join('\n')}\n</table>`
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Names of objects are chosen by others. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character]!)
}
