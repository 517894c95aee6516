import { literalPattern, type ObjectPattern, parseObjectPattern } from '../domain/object-pattern.ts'

/**
 * The pattern of `--object-match`, which is written as a target is: `s3://bucket/...`, an absolute path, or a path from
 * the folder that the command runs in.
 *
 * @throws LetheError `invalid-argument`
 */
export function readObjectPattern(text: string, { folder }: { readonly folder: string }): ObjectPattern {
  if (text.startsWith('/') || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseObjectPattern(text)
  let base = folder
  let rest = text
  for (let dots = leadingDots.exec(rest); dots !== null; dots = leadingDots.exec(rest)) {
    if (dots[1] === '..') base = base.slice(0, Math.max(0, base.lastIndexOf('/')))
    rest = rest.slice(dots[0].length)
  }
  return parseObjectPattern(`${literalPattern(base.replace(/\/$/, ''))}/${rest}`)
}

const leadingDots = /^(\.\.?)\/+/
