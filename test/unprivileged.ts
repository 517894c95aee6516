import { execFileSync } from 'node:child_process'
import type { TemporaryFolder } from './temporary-folder.ts'

/** The user and group `nobody`. */
export const nobody = 65534

/**
 * Runs as a user to whom permissions apply, and to whom the folder belongs with all that is in it: as it is, or as
 * `nobody` where the tests run as the administrator.
 */
export async function asUnprivileged(folder: TemporaryFolder, run: () => Promise<void>): Promise<void> {
  if (process.geteuid!() !== 0) {
    await run()
    return
  }
  execFileSync('chown', ['-Rh', `${nobody}:${nobody}`, folder.root])
  process.setegid!(nobody)
  process.seteuid!(nobody)
  try {
    await run()
  } finally {
    process.seteuid!(0)
    process.setegid!(0)
  }
}
