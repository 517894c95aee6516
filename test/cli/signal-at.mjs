// Loaded before lethe (`node --import`): sends the process a signal at its n-th call that changes the file system,
// before the call is made, so that each state that a crash can leave is met. The names of the calls go to SIGNAL_LOG.
import { appendFileSync, constants } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env['SIGNAL_AT'])
const signal = process.env['SIGNAL']
const toChange = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT
let calls = 0

function count(name) {
  calls += 1
  appendFileSync(process.env['SIGNAL_LOG'], `${name}\n`)
  if (calls === at) process.kill(process.pid, signal)
}

function counting(owner, names) {
  for (const name of names) {
    const original = owner[name]
    owner[name] = function (...args) {
      count(name)
      return original.apply(this, args)
    }
  }
}

counting(fs, ['rename', 'unlink', 'rm', 'link', 'copyFile', 'writeFile', 'chmod', 'chown', 'utimes', 'lchown'])
const open = fs.open
fs.open = async (path, flags, ...more) => {
  if (typeof flags === 'number' && (flags & toChange) !== 0) count('open')
  return await open(path, flags, ...more)
}
const handle = await open(process.execPath, 'r')
counting(Object.getPrototypeOf(handle), [
  'write',
  'writev',
  'writeFile',
  'sync',
  'datasync',
  'truncate',
  'chmod',
  'chown',
  'utimes',
])
await handle.close()
syncBuiltinESMExports()
