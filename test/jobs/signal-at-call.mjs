// Loaded before lethe (`node --import`): sends the process a signal at the n-th point at which it could die. Each call
// to the database has three (before it, sent, answered), each call to the file system that an object or a key goes
// through has two (before, done). What comes before the worker's first task does not count. The names of the points go
// to SIGNAL_LOG.
import { appendFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env['SIGNAL_AT'])
const log = process.env['SIGNAL_LOG']
let points = 0
let isArmed = false

function pass(name) {
  if (!isArmed) return
  points += 1
  appendFileSync(log, `${name}\n`)
  if (points === at) process.kill(process.pid, process.env['SIGNAL'])
}

function passing(owner, names, prefix = '') {
  for (const name of names) {
    const original = owner[name]
    owner[name] = async function (...args) {
      pass(`before ${prefix}${name}`)
      const result = await original.apply(this, args)
      pass(`done ${prefix}${name}`)
      return result
    }
  }
}

const handle = await fs.open(process.execPath, 'r')
const handles = Object.getPrototypeOf(handle)
await handle.close()
passing(fs, ['open', 'rename', 'unlink', 'link', 'chmod', 'chown', 'utimes'], 'fs.')
passing(handles, ['write', 'sync', 'datasync', 'truncate', 'chmod', 'chown', 'utimes'], 'file.')
syncBuiltinESMExports()

function asking(owner) {
  const original = owner.query
  owner.query = function (...args) {
    const text = typeof args[0] === 'string' ? args[0] : (args[0]?.text ?? '')
    const name = /\w+(?:\s+\w+)?/.exec(text)?.[0].toLowerCase() ?? 'query'
    // The first that a worker asks for.
    isArmed ||= text.includes('UPDATE jobs SET lease_token')
    pass(`before ${name}`)
    const answer = original.apply(this, args)
    pass(`sent ${name}`)
    return answer?.then?.((result) => {
      pass(`answered ${name}`)
      return result
    })
  }
}

if (process.env['DATABASE_URL'] === undefined) {
  const { PGlite } = await import('@electric-sql/pglite')
  asking(PGlite.prototype)
  const { transaction } = PGlite.prototype
  PGlite.prototype.transaction = async function (work) {
    const result = await transaction.call(this, async (open) => {
      asking(open)
      const done = await work(open)
      pass('before commit')
      return done
    })
    pass('answered commit')
    return result
  }
} else asking((await import('pg')).default.Client.prototype)
