import { LetheError } from '../../domain/error.ts'
import { matchBytes } from '../matches/match-bytes.ts'

const maxBytes = 16 * 1024 * 1024

/**
 * The text of a file, or of standard input for `-`.
 *
 * @throws LetheError `invalid-argument` where it cannot be read, is no UTF-8, or is too large to be written by people
 */
export async function readTextFile(file: string, { signal }: { readonly signal: AbortSignal }): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of matchBytes(file, { what: 'the file', signal })) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) throw new LetheError('invalid-argument', `the file is larger than ${maxBytes} bytes`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new LetheError('invalid-argument', 'the file is not UTF-8', { cause: error })
  }
}
