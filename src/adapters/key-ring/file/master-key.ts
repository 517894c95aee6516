import { randomBytes } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LetheError } from '../../../domain/error.ts'
import { systemCodeOf } from '../../../domain/system-error.ts'
import { createFile } from '../../create-file.ts'
import { keyBytes } from '../sealing.ts'

/**
 * The key that data keys are wrapped with: a file of one line, 32 bytes in base64, that nobody but its owner may read.
 *
 * @throws LetheError `key-unavailable` where there is none, others may read it, or it holds no key
 */
export async function readMasterKey(path: string): Promise<Uint8Array> {
  const { text, mode } = await readWithMode(path)
  if ((mode & 0o077) !== 0) {
    throw new LetheError('key-unavailable', 'others may read the master key file; give it mode 600 (chmod 600)')
  }
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === keyBytes && key.toString('base64') === text.trim()) return key
  throw new LetheError('key-unavailable', `the master key file does not hold ${keyBytes} bytes in base64`)
}

/** Makes a master key where there is none. */
export async function ensureMasterKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await createFile(path, `${randomBytes(keyBytes).toString('base64')}\n`)
}

async function readWithMode(path: string): Promise<{ readonly text: string; readonly mode: number }> {
  try {
    await using handle = await open(path, 'r')
    return { text: await handle.readFile('latin1'), mode: (await handle.stat()).mode }
  } catch (error) {
    const answer = systemCodeOf(error)
    if (answer === undefined) throw error
    throw new LetheError(
      'key-unavailable',
      `the master key file cannot be read (${answer}); without it no match can be read`,
      { cause: error },
    )
  }
}
