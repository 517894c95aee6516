import type { Codec } from './codec.ts'
import { gzip } from './gzip.ts'

/** Every compression around row formats; those that only a name tells come last. */
export const codecs: readonly Codec[] = [gzip]
