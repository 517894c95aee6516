// Installs the dependencies if they are missing or older than the lock file, so that each npm command is enough on a
// fresh clone. Runs on the Node and npm of the machine, without any dependency.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
// npm writes this file at the end of an installation: one that was broken off is older than the lock, or has none.
const marker = join(root, 'node_modules', '.package-lock.json')
const lock = join(root, 'package-lock.json')

const isInstalled = existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs
if (!isInstalled) {
  process.stderr.write('Installing dependencies (npm ci) ...\n')
  // Errors only: npm would warn of the machine's Node, which is not the one that the scripts run on afterwards.
  const npm = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  process.exitCode = npm.status ?? 1
}
