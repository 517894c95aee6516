import { openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ReadStream, WriteStream } from 'node:tty'
import { LetheError } from '../domain/error.ts'

/** A terminal with a person at it. */
export interface Question {
  /** Shows text where the question will be put. */
  show(text: string): void
  /** True for a clear yes; anything else, the end of input and an interrupt among it, is a no. */
  ask(question: string, options: { readonly signal: AbortSignal }): Promise<boolean>
  close(): void
}

/**
 * Opens the terminal that a question can be put on: standard input and error, or the controlling terminal where
 * standard input is taken by the matches.
 *
 * @throws LetheError `not-confirmed` where there is none.
 */
export function openQuestion({ standardInputIsTaken }: { readonly standardInputIsTaken: boolean }): Question {
  const terminal = standardInputIsTaken ? openControllingTerminal() : standardTerminal()
  if (terminal === undefined) {
    throw new LetheError(
      'not-confirmed',
      'there is no terminal to ask on; use --dry-run to see the plan, --yes to erase unasked. Nothing was changed',
    )
  }
  const { input, output, close } = terminal
  return {
    show: (text) => void output.write(text),
    async ask(question, { signal }) {
      output.write(`${question} [y/N] `)
      return /^\s*y(es)?\s*$/i.test(await readLine(input, signal))
    },
    close,
  }
}

interface Terminal {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  close(): void
}

function standardTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return { input: process.stdin, output: process.stderr, close: () => undefined }
}

function openControllingTerminal(): Terminal | undefined {
  let device: number
  try {
    device = openSync('/dev/tty', 'r+')
  } catch {
    // However it fails, there is no one to ask: the caller says so.
    return undefined
  }
  const input = new ReadStream(device)
  const output = new WriteStream(device)
  return {
    input,
    output,
    close() {
      input.destroy()
      output.destroy()
    },
  }
}

/** The next line; empty at the end of input or when interrupted. The terminal's own line editing is left on. */
function readLine(input: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input, signal, terminal: false })
  return new Promise<string>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(''))
  }).finally(() => lines.close())
}
