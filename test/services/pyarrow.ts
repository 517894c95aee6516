import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const version = '26.0.1'

/**
 * A Python with pyarrow, the reader and writer of most Parquet files there are: a virtual environment in the cache
 * folder of services (LETHE_SERVICES_HOME, by default ~/.cache/lethe-services), made at the first use.
 *
 * @returns the path of its interpreter
 */
export async function pythonWithPyarrow(): Promise<string> {
  const home = process.env['LETHE_SERVICES_HOME'] ?? join(homedir(), '.cache', 'lethe-services')
  const folder = join(home, `pyarrow-${version}`)
  const python = join(folder, 'bin', 'python')
  const mark = join(folder, 'installed')
  if (existsSync(mark)) return python
  await mkdir(home, { recursive: true })
  await rm(folder, { recursive: true, force: true })
  await run(process.env['LETHE_PYTHON'] ?? 'python3', ['-m', 'venv', folder])
  const options = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
  await run(python, ['-m', 'pip', 'install', ...options, `pyarrow==${version}`])
  await writeFile(mark, '')
  return python
}
