import type { Probe } from '../format.ts'
import type { RowFormat } from '../row-format.ts'
import type { Codec } from './codec.ts'
import { peekBytes } from './peek.ts'

/** The row format within a compressed object, and how sure that and the compression are together. */
export interface InnerFormat {
  readonly rowFormat: RowFormat
  readonly certainty: 'content' | 'name'
}

/** By what the object decompresses to; else by its name without the ending of the compression. */
export async function innerFormatOf(
  codec: Codec,
  rowFormats: readonly RowFormat[],
  probe: Probe,
): Promise<InnerFormat | undefined> {
  const inner = await innerProbeOf(codec, probe)
  if (inner === undefined) return undefined
  const votes = rowFormats.map((rowFormat) => rowFormat.detect(inner.probe))
  const index = votes.includes('content') ? votes.indexOf('content') : votes.indexOf('name')
  const rowFormat = rowFormats[index]
  return rowFormat === undefined ? undefined : { rowFormat, certainty: inner.certainty }
}

/** What the object is within its compression; undefined where it has another one, or none. */
export async function innerProbeOf(
  codec: Codec,
  probe: Probe,
): Promise<{ readonly probe: Probe; readonly certainty: 'content' | 'name' } | undefined> {
  const recognised = codec.recognise(probe.head)
  const isNamed = codec.ending.test(probe.name)
  if (recognised === 'no' || (recognised === 'name' && !isNamed)) return undefined
  const head = await peeked(codec, probe)
  // How much more there is, and how it ends, is not known before all of it is read.
  const size = probe.size > probe.head.length || head.length > 0 ? Number.POSITIVE_INFINITY : 0
  return {
    probe: { name: probe.name.replace(codec.ending, ''), size, head, tail: new Uint8Array(0) },
    certainty: recognised,
  }
}

/** Once for all formats that are asked about the same probe. */
function peeked(codec: Codec, probe: Probe): Promise<Uint8Array> {
  let byCodec = heads.get(probe)
  if (byCodec === undefined) heads.set(probe, (byCodec = new Map()))
  let head = byCodec.get(codec.name)
  if (head === undefined) byCodec.set(codec.name, (head = peek(codec, probe)))
  return head
}

async function peek(codec: Codec, { head, first }: Probe): Promise<Uint8Array> {
  const bytes = codec.peekBytes ?? peekBytes
  return await codec.peek(bytes > head.length && first !== undefined ? await first(bytes) : head.subarray(0, bytes))
}
const heads = new WeakMap<Probe, Map<string, Promise<Uint8Array>>>()
