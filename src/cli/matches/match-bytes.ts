import { createReadStream } from 'node:fs'
import { LetheError } from '../../domain/error.ts'

/**
 * The bytes of a file that an argument names; `-` is standard input.
 *
 * @param what how the file is called in errors: its name stays out of them, as every argument does
 * @throws LetheError `invalid-argument` where it cannot be read, `interrupted`
 */
export async function* matchBytes(
  file: string,
  { what = 'the file of --matches', signal }: { readonly what?: string; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const stop = () => stream.destroy(new LetheError('interrupted', `interrupted while ${what} was read`))
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    yield* stream as AsyncIterable<Uint8Array>
  } catch (error) {
    if (error instanceof LetheError) throw error
    const answer = error instanceof Error && 'code' in error ? `; the system answered ${String(error.code)}` : ''
    throw new LetheError('invalid-argument', `${what} cannot be read${answer}`, { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
