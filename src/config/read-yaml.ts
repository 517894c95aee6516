import { type Document, isMap, isNode, isPair, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { LetheError } from '../domain/error.ts'

/** Something wrong with a file, at a line of it. Never quotes a value: one of them may be a password. */
export interface YamlProblem {
  /** From 1. */
  readonly line: number
  /** Names of keys that lead there: `stores.lake.region`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

const maxProblems = 50

/**
 * Reads a YAML text by a schema.
 *
 * @param file how the file is named in errors
 * @throws LetheError `invalid-config`; `detail.problems` are `YamlProblem`s, all that were found
 */
export function readYaml<Schema extends z.ZodType>(
  text: string,
  { schema, file }: { readonly schema: Schema; readonly file: string },
): z.output<Schema> {
  const lines = new LineCounter()
  // No pretty errors: they quote the line.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, maxAliasCount: 100 } as object)
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map(({ pos, code }) => ({
        line: lines.linePos(pos[0]).line,
        path: '',
        message: `is no YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
      })),
    )
  }
  const result = schema.safeParse(plainValue(document, file) ?? {})
  if (result.success) return result.data
  const problems = result.error.issues.flatMap(leaves).map((issue) => {
    const node = nodeAt(document.contents, issue.path)
    const at = node?.range?.[0] ?? 0
    return { line: lines.linePos(at).line || 1, path: issue.path.map(String).join('.'), message: issue.message }
  })
  throw invalid(file, problems)
}

/** An alias that leads nowhere, or to too much, is found only here, and named in the error. */
function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS()
  } catch {
    throw invalid(file, [{ line: 1, path: '', message: 'has an alias (*) that leads nowhere, or to too much' }])
  }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** What there is to say of an issue, each with the key that it is about. */
function leaves(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is no key that is known here' }))
  }
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input' && issue.errors.length > 0) {
    // The alternative that fits best is the one that was meant.
    const [best] = [...issue.errors].sort((a, b) => a.length - b.length)
    return best!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })).flatMap(leaves)
  }
  return [{ path: issue.path, message: words(issue) }]
}

/** Our own words for what zod says most; its others hold no input either. */
function words(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `takes ${nouns[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `takes ${issue.values.map(String).join(' or ')}`
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is no name'
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? issue.message : `takes at least ${issue.minimum}`
    case 'too_big':
      return `takes at most ${issue.maximum}`
    default:
      return issue.message
  }
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
}

/** The node of a path, or of the part of it that is there; of a pair its key, which is where a person has to look. */
function nodeAt(contents: Node | null, path: readonly PropertyKey[]): Node | null {
  let found = contents
  let value: unknown = contents
  for (const key of path) {
    if (isMap(value)) {
      const pair = value.items.find((item) => isPair(item) && isNode(item.key) && String(item.key) === String(key))
      if (pair === undefined) return found
      found = pair.key as Node
      value = pair.value
    } else {
      const item: unknown =
        typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function'
          ? value.get(key, true)
          : undefined
      if (!isNode(item)) return found
      found = item
      value = item
    }
  }
  return found
}

function invalid(file: string, problems: readonly YamlProblem[]): LetheError {
  const listed = problems.slice(0, maxProblems)
  const text = listed.map(({ line, path, message }) => `${file}:${line}: ${path === '' ? '' : `${path} `}${message}`)
  const more = problems.length - listed.length
  return new LetheError('invalid-config', [...text, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'), {
    detail: { problems: listed },
  })
}
