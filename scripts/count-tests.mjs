// Prints `N passed, N failed, N skipped` of a vitest report in JSON: `node scripts/count-tests.mjs REPORT`.
// Fails when something failed, and when nothing was run.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
// A file that cannot even be loaded has no test to fail: it counts as one.
const unloadable = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
const passed = report.numPassedTests
const failed = report.numFailedTests + unloadable.length
const skipped = report.numPendingTests + report.numTodoTests

process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
if (failed > 0 || passed === 0 || !report.success) process.exitCode = 1
