// What follows the list of options in the help of each command of what is configured.

export const configHelp = `
Examples:
  $ lethe config check
  $ lethe config check --config /etc/lethe/lethe.yaml --json

An error names the line. DATABASE_URL and LETHE_MASTER_KEY_FILE go before the file.
`

export const storesListHelp = `
Examples:
  $ lethe stores list
  $ lethe stores check events
`

export const mappersHelp = `
Examples:
  $ lethe mappers apply mappers.yaml
  $ lethe mappers list
  $ lethe mappers show clicks
  $ lethe mappers delete clicks
`

export const mappersApplyHelp = `
Examples:
  $ lethe mappers diff mappers.yaml
  $ lethe mappers apply mappers.yaml

  mappers:
    - name: clicks
      store: events
      location: clicks/
      keys: [user_id]

Each new or changed mapper is tried first: its location has to name objects, one test search runs,
and each of its columns has to be in an object. --no-check leaves that out.
`

export const mappersDiffHelp = `
Examples:
  $ lethe mappers diff mappers.yaml
  $ lethe mappers diff mappers.yaml --prune --json

Exit status: 0 nothing would change, 1 something would.
`

export const mappersExportHelp = `
Examples:
  $ lethe mappers export > mappers.yaml
`

export const queueAddHelp = `
Examples:
  $ lethe queue add --matches people.csv --reference DSR-2026-17
  $ vault read people | lethe queue add --matches - --deadline ccpa --received 2026-03-01
  $ lethe queue add --matches requests.csv --reference-column ticket --received-column date

Whom to look for, as for lethe find. A column is one of a data mapper's keys or columns; the
column * stands for the keys of every data mapper:
  *
  42
  43

A file is added as a whole, or not at all. Nothing is trimmed.
`

export const queueListHelp = `
Examples:
  $ lethe queue list
  $ lethe queue list --at-risk
  $ lethe queue list --matches people.csv    are they in the queue?
  $ lethe queue list --all --json
`

export const queueRemoveHelp = `
Examples:
  $ lethe queue remove 17 18
  $ lethe queue remove --reference DSR-2026-17
  $ lethe queue remove --matches people.csv
`

export const auditHelp = `
Examples:
  $ lethe audit
  $ lethe audit --json

No value of a match is ever in it: matches are told by their batch, their reference and their count.
`
