/**
 * Where an error, and what caused it, was thrown, for a report of a defect: names of functions and places in files of
 * Lethe, Node and packages. Never the error's text, which may hold a value: a line is taken only after that text, and
 * only in the exact form of a frame.
 */
export function stackFrames(error: unknown): string[] {
  const frames: string[] = []
  for (let link = error; link instanceof Error; link = link.cause) {
    frames.push(`  ${link.constructor.name}`, ...framesOf(link))
  }
  return frames
}

const frame = /^ {4}at (?:async )?(?:[\w$.#<>[\] ]+ \()?(?:file:\/\/|node:|\/)[^\s()]+:\d+:\d+\)?$/

function framesOf({ stack = '', message }: Error): string[] {
  // V8 begins with "Name: message". Where the message was changed since, its old text could be anywhere.
  const start = stack.indexOf(': ') + 2
  if (message === '' || !stack.startsWith(message, start)) return []
  const lines = stack.slice(start + message.length).split('\n')
  return lines.filter((line) => frame.test(line))
}
