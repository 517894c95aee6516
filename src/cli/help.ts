// What follows the list of options in the help of each command. Examples first: they are what is read.

export const programHelp = `
Examples:
  $ lethe find lake/ --matches people.csv
  $ lethe erase lake/ --matches people.csv --dry-run
  $ lethe erase lake/ --matches people.csv
  $ lethe inspect lake/orders/part-0.ndjson
  $ lethe find s3://bucket/orders/ --matches people.csv

Exit status: 0 done, 1 declined or unexpected, 2 wrong usage (nothing was changed),
3 some objects were refused or failed, 130 interrupted.
`

export const findHelp = `
Examples:
  $ lethe find lake/ --matches people.csv
  $ vault read people | lethe find 'lake/**/*.ndjson' --matches - --json
  $ lethe find clicks.ndjson --match user_id=42 --match user_id=43
`

export const eraseHelp = `
Examples:
  $ lethe erase lake/ --matches people.csv --dry-run    what would be done
  $ lethe erase lake/ --matches people.csv              shows the plan and asks
  $ vault read people | lethe erase lake/ --matches - --yes --json
  $ lethe erase lake/photos/ --matches people.csv --object-match 'lake/photos/{user_id}.png'
  $ lethe erase s3://bucket/photos/ --matches people.csv --object-tag user_id

Each object is replaced as a whole or not at all, whatever happens. Ctrl-C stops between
objects; run the same command again to go on. Without a terminal --yes or --dry-run is needed.
`

export const matchingHelp = `
Whom to look for:
  user_id                    one column: any of the values
  42
  43

  last,born                  several columns: all of them in the same row
  Lovelace,1815-12-10

  {"user_id":"42"}           the same as NDJSON

The plan shows what is looked for without a value:
  user_id = <2 values> OR (last, born) = <1 tuple>

Values are text and compared exactly; nothing is trimmed. A number in the data equals the
text of the same number. The folder year=2024 is a column, too. a.b is a path in a row.

--match is for trials: other users of the machine can read your arguments. Use --matches.
`

export const inspectHelp = `
Examples:
  $ lethe inspect lake/orders/part-0.ndjson
  $ lethe inspect lake/orders/part-0.ndjson --json
`

export const storesCheckHelp = `
Examples:
  $ lethe stores check s3://bucket/scratch/
  $ lethe stores check s3://bucket/scratch/ --endpoint http://127.0.0.1:9000 --json

IGNORED and WRONG are worse than no: the server answers as if it had kept a condition.
`
