import type { Comparison, Cost } from './comparison.ts'

/** A comparison as a Markdown table: medians, with the fastest and slowest round, and ratios of medians. */
export function describeCosts(
  { title, facts, bytes, baseline, contenders }: Comparison,
  costs: ReadonlyMap<string, readonly Cost[]>,
): string {
  const wallOf = (name: string) => costs.get(name)!.map(({ wallMs }) => wallMs)
  const cpuOf = (name: string) => median(costs.get(name)!.map(({ cpuMs }) => cpuMs))
  const base = median(wallOf(baseline))
  const rows = contenders.map(({ name }) => {
    const wall = wallOf(name)
    const middle = median(wall)
    return [
      name,
      seconds(middle),
      `${seconds(Math.min(...wall))}-${seconds(Math.max(...wall))}`,
      `${Math.round(bytes / 1000 / middle)}`,
      seconds(cpuOf(name)),
      `${Math.round(Math.max(...costs.get(name)!.map(({ peakBytes }) => peakBytes)) / 1e6)}`,
      (middle / base).toFixed(2),
      // On a busy machine the steadier of the two.
      (cpuOf(name) / cpuOf(baseline)).toFixed(2),
    ]
  })
  const head = ['', 'wall s', 'from-to', 'MB/s', 'CPU s', 'peak MB', `wall x ${baseline}`, `CPU x ${baseline}`]
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  )
  return [`### ${title}`, '', ...facts.map((fact) => `- ${fact}`), '', ...lines, ''].join('\n')
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >>> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2)
}
