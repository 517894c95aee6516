/**
 * What a test against a real server needs from the environment, e.g. `LETHE_S3_ENDPOINT`.
 * Throws where it is not set: a suite that was asked for must not pass because its server is missing.
 */
export function serviceAddress(variable: string): string {
  const value = process.env[variable]
  if (value === undefined || value === '') {
    throw new Error(`${variable} is not set: start the server and take over what it prints (see CONTRIBUTING.md)`)
  }
  return value
}
