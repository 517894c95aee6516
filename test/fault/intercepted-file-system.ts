import * as promises from 'node:fs/promises'
import type { FileSystem } from '../../src/adapters/object-store/file/file-system.ts'

type AnyFunction = (...all: unknown[]) => unknown

/**
 * `node:fs/promises` as it is, but that `before` is called, and waited for, before each call, those of open files too.
 * What it throws is what the call rejects with, and then the call is not made.
 */
export function interceptedFileSystem(before: (call: string) => void | Promise<void>): FileSystem {
  const intercept = <Target extends object>(target: Target, prefix: string): Target =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return async (...all: unknown[]) => {
          try {
            await before(prefix + String(name))
          } catch (error) {
            // A close that fails has closed the file all the same.
            if (name === 'close') await (value as AnyFunction).apply(target, all)
            throw error
          }
          const result = await (value as AnyFunction).apply(target, all)
          return name === 'open' ? intercept(result as object, 'handle.') : result
        }
      },
    })
  // A copy: a proxy of a module must answer as the module does.
  return intercept<FileSystem>({ ...promises }, '')
}
