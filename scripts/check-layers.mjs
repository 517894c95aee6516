// Checks the import rules of .dependency-cruiser.js: `node scripts/check-layers.mjs [root]`.
// By its API and not its command, because that one is content with having seen no module at all.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import configuration from '../.dependency-cruiser.js'

// Absolute: with a relative base, packages that files below src/ import are not found.
const root = resolve(process.argv[2] ?? '.')
const { options, forbidden } = configuration
const folders = ['src', 'web'].filter((folder) => existsSync(join(root, folder)))

const { output } = await cruise(folders, { ...options, baseDir: root, validate: true, ruleSet: { forbidden } })
const { violations, totalCruised, totalDependenciesCruised } = output.summary

for (const { rule, from, to } of violations) process.stdout.write(`${rule.name}: ${from} -> ${to}\n`)
process.stdout.write(`${totalCruised} modules, ${totalDependenciesCruised} imports, ${violations.length} violations\n`)
if (totalCruised === 0 || violations.length > 0) process.exitCode = 1
