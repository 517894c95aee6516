// What follows the list of options in the help of each command of jobs.

export const jobsHelp = `
Examples:
  $ lethe jobs start --dry-run --watch
  $ lethe jobs start --watch
  $ lethe jobs plan 3f2a
  $ lethe jobs approve 3f2a --scope 9c41d0aa --comment 'case 17, checked'
  $ lethe jobs watch 3f2a
  $ lethe jobs report 3f2a --html > report.html
`

export const jobsStartHelp = `
Examples:
  $ lethe jobs start --dry-run --watch    what would be done
  $ lethe jobs start --watch              until it ends or waits for an approval
  $ lethe jobs start                      for a worker elsewhere

Exit status with --watch: 0 done, planned, or waiting for a person; 3 something failed or was refused.
`

export const jobsObjectsHelp = `
Examples:
  $ lethe jobs objects 3f2a --state refused
  $ lethe jobs objects 3f2a --phase forget --json
`

export const jobsReportHelp = `
Examples:
  $ lethe jobs report 3f2a --json > receipts.json
  $ lethe jobs report 3f2a --html > report.html

The hash of a receipt is the SHA-256 of {"previous":HASH,"receipt":{...}} in the canonical form
of RFC 8785, in hexadecimal; the first one's previous hash is 64 zeros.
`

export const jobsApproveHelp = `
Examples:
  $ lethe jobs plan 3f2a
  $ lethe jobs approve 3f2a --scope 9c41d0aa --comment 'case 17, checked' --by officer@example.org

A decision is about exactly one scope: whom, where, how, and how much at most. When a forget meets
more than that, the job waits again.
`

export const workerHelp = `
Examples:
  $ lethe worker
  $ DATABASE_URL=postgres://... lethe worker     many, on as many machines

A worker that is stopped or killed leaves nothing half done; what it had in hand others take up.
`
