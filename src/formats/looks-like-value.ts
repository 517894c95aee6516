/** Numbers, dates, amounts, mail addresses, UUIDs, markers: values of a row that hardly ever name a column. */
const valueForms = [
  /^[-+]?[0-9][0-9.,:/ TZ+-]*$/,
  /[^@\s]@[^@\s]+\.[a-z]/i,
  /^[0-9a-f]{8}-[0-9a-f-]{27}$/i,
  /^(true|false|null|\\N)$/i,
  /\p{Cc}(?<![\t\r\n])/u,
]

/** Whether what stands where a column's name is expected is rather somebody's value. */
export function looksLikeValue(name: string): boolean {
  return valueForms.some((form) => form.test(name))
}
