import { LetheError } from '../../domain/error.ts'
import type { DetectableFormat } from '../format.ts'
import type { Codec } from './codec.ts'
import { innerProbeOf } from './inner-format.ts'

/** Parquet, Avro, ORC: formats that compress what is in them, and are read at random. */
const magics = ['PAR1', 'PARE', 'Obj\x01', 'ORC'].map((magic) => Buffer.from(magic, 'latin1'))

/** Knows a container within a compression, where nobody has a reason to put it, so that it is refused by name. */
export function compressedContainer(codec: Codec): DetectableFormat {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new LetheError(
        'unsupported',
        `a Parquet, Avro or ORC file within ${codec.name} is not read; decompress it first`,
      ),
    )
  return {
    name: `container.${codec.name}`,
    async detect(probe) {
      const inner = await innerProbeOf(codec, probe)
      if (inner === undefined) return 'no'
      const { head } = inner.probe
      return magics.some((magic) => magic.equals(head.subarray(0, magic.length))) ? inner.certainty : 'no'
    },
    inspect: refuse,
    find: refuse,
    erase: refuse,
    verify: refuse,
  }
}
