import type { FileHandle } from 'node:fs/promises'

/** Closes a file that was only read, or synced before: a close that fails loses nothing then, so nobody need know. */
export async function closeFile(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => undefined)
}
