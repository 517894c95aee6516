import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LetheError } from '../domain/error.ts'
import { asLetheError } from './as-lethe-error.ts'

const secret = 'ada@example.org'

function thrownBy(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

test('an error of our own stays what it is, also in a run that was interrupted', () => {
  const error = new LetheError('malformed', 'line 3')
  expect(asLetheError(error)).toBe(error)
  expect(asLetheError(error, AbortSignal.abort())).toBe(error)
})

test('errors of the system keep their meaning and lose their text, which holds a path', () => {
  const known = asLetheError(thrownBy(() => readFileSync(`/nowhere/${secret}`)))
  expect(known).toMatchObject({ code: 'object-missing', message: 'the system answered ENOENT' })
  const codes = { ENOSPC: 'no-space', EACCES: 'permission-denied', EROFS: 'permission-denied', EIO: 'io', EXYZ: 'io' }
  for (const [code, expected] of Object.entries(codes)) {
    expect(asLetheError(Object.assign(new Error(secret), { code }))).toMatchObject({ code: expected })
  }
})

test('texts of other errors, which hold content, are not passed on', () => {
  const error = thrownBy(() => JSON.parse(secret))
  expect(String(error)).toContain(secret.slice(0, 3))
  for (const foreign of [error, secret, undefined, { code: 'ENOENT' }]) {
    const known = asLetheError(foreign)
    expect(known.code).toBe('internal')
    expect(known.message).not.toContain('ada')
  }
})

test('whatever an interrupt made fail is an interrupt', () => {
  const signal = AbortSignal.abort()
  expect(asLetheError(signal.reason, signal)).toMatchObject({ code: 'interrupted', outcome: 'interrupted' })
})
