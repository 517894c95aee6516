import type { DetectableFormat } from '../format.ts'
import { magic } from './container.ts'
import { erase } from './erase.ts'
import { find } from './find.ts'
import { inspect } from './inspect.ts'
import { verify } from './verify.ts'

/** Avro object container files (Avro 1.12). A row is a record of the file, in its order; the schema is the writer's. */
export const avro: DetectableFormat = {
  name: 'avro',
  detect({ name, head }) {
    if (Buffer.compare(head.subarray(0, magic.length), magic) === 0) return 'content'
    return name.toLowerCase().endsWith('.avro') ? 'name' : 'no'
  },
  inspect,
  find,
  erase,
  verify,
}
