import { braceExpand, Minimatch, type MinimatchOptions, unescape as unescapeGlob } from 'minimatch'

/** A glob: the folder to begin in, and the names to follow from there. */
export interface Glob {
  /** Path of the deepest folder (or the object) that is named without wildcards. */
  readonly base: string
  readonly steps: readonly GlobStep[]
  /** It ends with `/`: objects are not meant, only folders with all that is in them. */
  readonly isOfFolders: boolean
}

export type GlobStep = { readonly kind: 'any-depth' } | { readonly kind: 'name'; readonly matches: NameTest }

/** How a step takes a name: as it takes any other, only if hidden names were let through, or not at all. */
type NameTest = (name: string) => 'yes' | 'if-shown' | 'no'

const options: MinimatchOptions = { dot: true, nocomment: true, nonegate: true, nobrace: true }

/**
 * The globs that a target stands for, one for each way to read its braces. `*`, `?`, `[...]`, `**` and extended globs
 * as shells have them. Only a step that itself begins with `.` or `_` takes names that do.
 */
export function parseGlobs(target: string): Glob[] {
  return braceExpand(target).map((pattern) => {
    const parts = pattern.split('/')
    const firstWild = parts.findIndex((part) => new Minimatch(part, options).hasMagic())
    const named = firstWild === -1 ? parts : parts.slice(0, firstWild)
    const rest = firstWild === -1 ? [] : parts.slice(firstWild)
    const base = named.map((part) => unescapeGlob(part)).join('/')
    return {
      base: base === '' && named.length > 0 ? '/' : base === '' ? '.' : base,
      steps: stepsOf(rest.filter((part) => part !== '' && part !== '.')),
      isOfFolders: rest.at(-1) === '',
    }
  })
}

/** True for the names that are passed over: they begin with `.` or `_`. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_')
}

function stepsOf(parts: readonly string[]): GlobStep[] {
  const steps = parts.map((part): GlobStep => (part === '**' ? { kind: 'any-depth' } : nameStep(part)))
  // What ends with `**` means every name below it, at any depth.
  return steps.at(-1)?.kind === 'any-depth' ? [...steps, nameStep('*')] : steps
}

function nameStep(part: string): GlobStep {
  const matcher = new Minimatch(part, options)
  const showsHidden = isHidden(unescapeGlob(part))
  return {
    kind: 'name',
    matches: (name) => (!matcher.match(name) ? 'no' : isHidden(name) && !showsHidden ? 'if-shown' : 'yes'),
  }
}

/**
 * Where in the steps one can be after a name, from the places where one was before; `steps.length` is the end, from
 * where everything follows. A set, because `**` leaves it open how many folders it stands for.
 */
interface Advance {
  readonly places: ReadonlySet<number>
  /** The name would have been taken if it did not begin with `.` or `_`. */
  readonly shownPlaces: ReadonlySet<number>
}

export function advance(steps: readonly GlobStep[], places: ReadonlySet<number>, name: string): Advance {
  const taken = new Set<number>()
  const shown = new Set<number>()
  for (const place of withSkippedDepths(steps, places)) {
    const step = steps[place]
    if (step?.kind === 'name') {
      const answer = step.matches(name)
      if (answer === 'yes') taken.add(place + 1)
      if (answer !== 'no') shown.add(place + 1)
    } else {
      if (!isHidden(name)) taken.add(place)
      shown.add(place)
    }
  }
  return { places: taken, shownPlaces: shown }
}

/** `**` stands for no folder as well. */
function withSkippedDepths(steps: readonly GlobStep[], places: ReadonlySet<number>): Set<number> {
  const all = new Set(places)
  for (const place of all) if (steps[place]?.kind === 'any-depth') all.add(place + 1)
  return all
}
