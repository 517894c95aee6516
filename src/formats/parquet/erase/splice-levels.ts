import { Ranges } from '../../../domain/ranges.ts'
import { decodeLevels, forEachLevelRun } from '../levels.ts'
import { malformed } from '../malformed.ts'
import type { LevelSection } from '../page-body.ts'
import type { ByteSink } from './byte-sink.ts'
import { type OnDropped, spliceHybrid } from './splice-hybrid.ts'

interface LevelSplice {
  readonly numValues: number
  /** Ordinals of the levels to leave out. */
  readonly drops: Ranges
  readonly sink: ByteSink
  readonly onDropped: OnDropped
}

/** Writes levels without those at `drops`, in the encoding that they have. @throws LetheError `malformed` */
export function spliceLevels(section: LevelSection, { numValues, drops, sink, onDropped }: LevelSplice): void {
  if (section.encoding === 'RLE') spliceHybrid({ ...section, numValues }, { drops, sink, onDropped })
  else spliceBitPacked(section, { numValues, drops, sink, onDropped })
}

/** The deprecated packing has no runs: every bit behind the first drop moves. */
function spliceBitPacked(section: LevelSection, { numValues, drops, sink, onDropped }: LevelSplice): void {
  const levels = decodeLevels(section, numValues)
  let bits = 0
  let held = 0
  for (const { start, end } of drops.gaps(0, numValues)) {
    for (let index = start; index < end; index += 1) {
      bits = (bits << section.bitWidth) | levels[index]!
      held += section.bitWidth
      for (; held >= 8; held -= 8) sink.byte((bits >>> (held - 8)) & 255)
      bits &= (1 << held) - 1
    }
  }
  if (held > 0) sink.byte((bits << (8 - held)) & 255)
  for (const { start, end } of drops) for (let index = start; index < end; index += 1) onDropped(levels[index]!, 1)
}

/** Which of a page's values that are not null go, as ordinals among those, and how many there are. */
export interface PresentValues {
  readonly count: number
  readonly drops: Ranges
}

/** From levels to values: a value is there where its definition level is the greatest. @throws LetheError `malformed` */
export function presentValues(
  section: LevelSection | undefined,
  { numValues, maxLevel, drops }: { numValues: number; maxLevel: number; drops: Ranges },
): PresentValues {
  if (section === undefined) return { count: numValues, drops }
  const present = new Ranges()
  let count = 0
  let next = 0
  forEachLevelRun(section, numValues, (level, first, times) => {
    if (level > maxLevel) throw malformed('a definition level is greater than its column allows')
    if (level < maxLevel) return
    const end = first + times
    for (; next < drops.count && drops.startAt(next) < end; next += 1) {
      const from = Math.max(first, drops.startAt(next))
      const to = Math.min(end, drops.endAt(next))
      if (to > from) present.add(count + from - first, count + to - first)
      if (drops.endAt(next) > end) break
    }
    count += times
  })
  return { count, drops: present }
}
