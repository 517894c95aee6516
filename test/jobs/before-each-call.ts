import type { JobWorld, MapperScope } from '../../src/engine/jobs/job-world.ts'

/** Called before each call to the state and to the stores, and after each that came back. It may reject, or wait. */
export type Gate = (call: string) => Promise<void>

/** The world, but that a gate is passed at the boundary of each of its calls, as a process can die at any of them. */
export function gatedWorld(world: JobWorld, gate: Gate): JobWorld {
  return {
    ...gated(world, gate, 'world'),
    jobs: gated(world.jobs, gate, 'jobs'),
    async openScope(mapper): Promise<MapperScope> {
      const scope = await world.openScope(mapper)
      return { ...scope, store: gated(scope.store, gate, 'store') }
    },
  }
}

const sequences = new Set(['list', 'listOldVersions', 'oldVersions', 'children', 'matchesOf'])

function gated<Target extends object>(target: Target, gate: Gate, name: string): Target {
  return new Proxy(target, {
    get(of, member, receiver) {
      const value: unknown = Reflect.get(of, member, receiver)
      if (typeof value !== 'function') return value
      const call = `${name}.${String(member)}`
      if (sequences.has(String(member))) {
        return async function* sequence(...args: unknown[]) {
          await gate(call)
          yield* Reflect.apply(value, of, args) as AsyncIterable<unknown>
        }
      }
      return async (...args: unknown[]) => {
        await gate(call)
        const result: unknown = await Reflect.apply(value, of, args)
        // What was opened has to reach its owner, who closes it.
        if (member !== 'open') await gate(`${call} done`)
        return result
      }
    },
  })
}
