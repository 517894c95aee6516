import { getSystemErrorName } from 'node:util'
import { getAttribute, listAttributes, removeAttribute, setAttribute } from '@napi-rs/xattr'
import { LetheError } from '../../../domain/error.ts'
import { fromSystemError } from '../../../domain/system-error.ts'

/** The kernel's own digests of a file's content: those of the old content would make the new one unreadable. */
const ofContent = new Set(['security.ima', 'security.evm'])

/** An access list that a new file takes over from its folder gives rights that the old file did not give. */
const inherited = ['system.posix_acl_access']

/**
 * Makes the extended attributes of a new file those of another, the access list among them. Those that only the
 * administrator sees (`trusted.*`) are copied only by the administrator.
 *
 * @throws LetheError `unsupported` when one cannot be kept.
 */
export async function copyExtendedAttributes(from: string, to: string): Promise<void> {
  try {
    const names = await namesOf(from)
    for (const name of names) if (!ofContent.has(name)) await copyAttribute(name, { from, to })
    const surplus = inherited.filter((name) => !names.includes(name))
    for (const name of surplus) if ((await getAttribute(to, name)) !== null) await removeAttribute(to, name)
  } catch (error) {
    throw asLetheError(error)
  }
}

async function copyAttribute(name: string, { from, to }: { from: string; to: string }): Promise<void> {
  const value = await getAttribute(from, name)
  // Security labels are mostly there already, and setting them may be forbidden.
  if (value === null || (await getAttribute(to, name))?.equals(value)) return
  await setAttribute(to, name, value)
}

async function namesOf(path: string): Promise<string[]> {
  try {
    return await listAttributes(path)
  } catch (error) {
    const code = systemCodeIn(error)
    if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') return []
    throw error
  }
}

function asLetheError(error: unknown): LetheError {
  const code = systemCodeIn(error)
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'ENOENT') return fromSystemError(error, code)
  return new LetheError('unsupported', 'its extended attributes could not be kept', { cause: error })
}

/** The library tells the system's error number in its text alone: `Operation not supported (os error 95)`. */
function systemCodeIn(error: unknown): string | undefined {
  const number = error instanceof Error ? /\(os error ([0-9]+)\)$/.exec(error.message)?.[1] : undefined
  return number === undefined ? undefined : getSystemErrorName(-Number(number))
}
