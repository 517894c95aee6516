import swcVisitor from '@swc/core/Visitor.js'

// swc's visitor knows no `using` and stops at it: one is a variable declaration as far as imports go.
const { Visitor } = swcVisitor
const visitKnownStatement = Visitor.prototype.visitStatement
Visitor.prototype.visitStatement = function visitStatement(statement) {
  if (statement.type !== 'UsingDeclaration') return visitKnownStatement.call(this, statement)
  this.visitVariableDeclarators(statement.decls)
  return statement
}

// The layers of the architecture as rules. test/layers.test.ts plants a violation of each and sees it found.
const inSource = (path) => ({ path: `^src/${path}` })

/** Code in `from` may import, of this project's source, only what matches one of `allowed`. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^src/(${from})/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: [`^src/(${from})/`, ...allowed.map((layer) => `^src/${layer}`)] },
})

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle, of types too, means that two files are one thing or that a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    only('domain-imports-nothing', 'domain', [], 'The rules know no format, no store and no clock.'),
    {
      name: 'domain-is-pure',
      comment: 'No I/O and no packages: what the rules need is passed to them.',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    only('formats-know-domain', 'formats', ['domain/'], 'A format knows no store and no job.'),
    only('ports-know-domain-and-formats', 'ports', ['domain/', 'formats/'], 'A port is an interface.'),
    only('engine-knows-ports', 'engine', ['domain/', 'formats/', 'ports/'], 'A use case knows no technology.'),
    only(
      'adapters-know-ports',
      'adapters',
      ['domain/', 'formats/', 'ports/'],
      'Adapters know neither use cases nor faces.',
    ),
    only('api-knows-domain', 'api', ['domain/'], 'The HTTP contract is browser-safe.'),
    only(
      'faces-know-engine',
      'cli|server',
      ['domain/', 'formats/', 'ports/', 'engine/', 'api/', 'config\\.ts$', 'config/', 'compose\\.ts$'],
      'A face reaches adapters through compose.ts alone.',
    ),
    {
      name: 'only-compose-builds-adapters',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/compose\\.ts$', '^src/adapters/', '\\.test\\.ts$'] },
      to: inSource('adapters/'),
    },
    {
      name: 'web-knows-the-contract',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|bench|demo|test)/', pathNot: '^src/api/' },
    },
    {
      name: 'source-imports-no-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: ['^(test|bench|demo|scripts)/', '\\.test\\.ts$'] },
    },
    {
      name: 'source-imports-no-development-packages',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API of the old form: without swc no .ts file would be seen at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
