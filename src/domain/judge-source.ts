/** Something that may say of objects whose they are: `name`, `sidecar`, or a tag by its name, `tag user_id`. */
export type JudgeSource = string

/** Those that are asked. */
export function judgeSources({
  hasPattern,
  hasSidecar,
  tags,
}: {
  readonly hasPattern: boolean
  readonly hasSidecar: boolean
  readonly tags: readonly string[]
}): readonly JudgeSource[] {
  return [...(hasPattern ? ['name'] : []), ...(hasSidecar ? ['sidecar'] : []), ...tags.map((tag) => `tag ${tag}`)]
}
