// Loaded before lethe (`node --import`): sends the process a signal at its n-th call that changes the file system,
// before the call is made, so that each state that a crash can leave is met. The names of the calls go to SIGNAL_LOG.
import { appendFileSync, constants } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

// SIGNAL may be several, with commas between; with SIGNAL_READS it counts reads of files instead.
const at = Number(process.env['SIGNAL_AT'])
const signals = process.env['SIGNAL'].split(',')
const toChange = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT
let calls = 0

function count(name) {
  calls += 1
  appendFileSync(process.env['SIGNAL_LOG'], `${name}\n`)
  if (calls === at) for (const signal of signals) process.kill(process.pid, signal)
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

const open = fs.open
const handle = await open(process.execPath, 'r')
const handles = Object.getPrototypeOf(handle)
await handle.close()

if (process.env['SIGNAL_READS'] === '1') {
  counting(handles, ['read'])
} else {
  fs.open = async (path, flags, ...more) => {
    if (typeof flags === 'number' && (flags & toChange) !== 0) count('open')
    return await open(path, flags, ...more)
  }
  counting(fs, ['rename', 'unlink', 'rm', 'link', 'copyFile', 'writeFile', 'chmod', 'chown', 'utimes', 'lchown'])
  counting(handles, ['write', 'writev', 'writeFile', 'sync', 'datasync', 'truncate', 'chmod', 'chown', 'utimes'])
}
syncBuiltinESMExports()
