import { LetheError } from '../domain/error.ts'
import type { DetectableFormat, Format } from './format.ts'

/**
 * All formats, of which only those of one name do their work: an object that turns out to be of another is refused. It is
 * told from the others all the same, for what is read as a format that it is not may look like nobody found.
 *
 * @param name of a format, as within a compression as plain
 */
export function onlyFormat(formats: readonly DetectableFormat[], name: string): readonly DetectableFormat[] {
  return formats.map((format) => (format.name.split('.')[0] === name ? format : refusing(format, name)))
}

function refusing(format: DetectableFormat, wanted: string): DetectableFormat {
  const refuse = () =>
    Promise.reject(new LetheError('unknown-format', `is ${format.name}, where ${wanted} was said to be`))
  const refusal: Format = { name: format.name, inspect: refuse, find: refuse, erase: refuse, verify: refuse }
  return { ...refusal, detect: (probe) => format.detect(probe) }
}
