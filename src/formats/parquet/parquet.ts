import type { DetectableFormat, Probe } from '../format.ts'
import { find } from './find/find.ts'
import { inspect } from './inspect.ts'
import { unsupported } from './malformed.ts'

/** Parquet, edited page by page: what holds no erased row stays as the source has it. */
export const parquet: DetectableFormat = {
  name: 'parquet',
  detect,
  inspect,
  find,
  erase: () => Promise.reject(unsupported('rows to erase')),
  verify: () => Promise.reject(unsupported('rows to erase')),
}

const magics = ['PAR1', 'PARE']

/** A file whose beginning and end are torn off each other is still one: it is refused as damaged, not as unknown. */
function detect({ name, head, tail }: Probe): 'content' | 'name' | 'no' {
  const first = Buffer.from(head.subarray(0, 4)).toString('latin1')
  const last = Buffer.from(tail.subarray(-4)).toString('latin1')
  if (magics.includes(first) || magics.includes(last)) return 'content'
  return /\.(parquet|parq)$/i.test(name) ? 'name' : 'no'
}
