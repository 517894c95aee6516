/** Prints a line for people on standard error: standard output belongs to the report alone. */
export function say(line: string): void {
  process.stderr.write(`lethe: ${line}\n`)
}

export function warn(sentence: string): void {
  say(`warning: ${sentence}`)
}
