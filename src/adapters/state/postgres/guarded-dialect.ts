import { AbortedTransactionError, type DatabaseConnection, type Dialect, type Driver } from 'kysely'
import { LetheError } from '../../../domain/error.ts'
import { systemCodeOf } from '../../../domain/system-error.ts'

/**
 * A dialect whose errors are `LetheError`s. The database's own texts hold values of rows and parameters, so none of
 * them is passed on: `detail.sqlState` has the code of the standard, for those who know what it means to them.
 *
 * `state-unavailable` (retryable) where the database cannot be reached or went away: whether a COMMIT that met it was
 * carried out is not known. `state-conflict` (retryable) where another transaction was in the way.
 */
export function guardedDialect(dialect: Dialect): Dialect {
  return {
    createDriver: () => guardDriver(dialect.createDriver()),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  }
}

function guardDriver(driver: Driver): Driver {
  const guards = new WeakMap<DatabaseConnection, DatabaseConnection>()
  const originals = new WeakMap<DatabaseConnection, DatabaseConnection>()
  const original = (connection: DatabaseConnection) => originals.get(connection) ?? connection
  const guard = (connection: DatabaseConnection): DatabaseConnection => {
    const known = guards.get(connection)
    if (known !== undefined) return known
    const made = guardConnection(connection)
    guards.set(connection, made)
    originals.set(made, connection)
    return made
  }
  return {
    init: (options) => attempt(() => driver.init(options)),
    acquireConnection: (options) => attempt(async () => guard(await driver.acquireConnection(options))),
    beginTransaction: (connection, settings) => attempt(() => driver.beginTransaction(original(connection), settings)),
    commitTransaction: (connection) => attempt(() => driver.commitTransaction(original(connection))),
    rollbackTransaction: (connection) => attempt(() => driver.rollbackTransaction(original(connection))),
    releaseConnection: (connection) => driver.releaseConnection(original(connection)),
    destroy: () => driver.destroy(),
  }
}

function guardConnection(connection: DatabaseConnection): DatabaseConnection {
  return {
    executeQuery: (query, options) => attempt(() => connection.executeQuery(query, options)),
    streamQuery: () => {
      throw new LetheError('internal', 'the state is read in pages, not as a stream')
    },
  }
}

async function attempt<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw asStateError(error)
  }
}

/** Classes of SQLSTATE: connection exceptions, resources, operator intervention (a shutdown), system errors; time-outs. */
const unavailable = /^(?:08|53|57|58|25P0[34])/
/** Serialization failure, deadlock, lock not available. */
const conflicts: ReadonlySet<string> = new Set(['40001', '40P01', '55P03'])

function asStateError(error: unknown): LetheError {
  if (error instanceof LetheError) return error
  if (error instanceof TypeError || error instanceof AbortedTransactionError) {
    return new LetheError('internal', 'an unexpected error at the database; please report it', { cause: error })
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const sqlState = /^[0-9A-Z]{5}$/.test(code) && systemCodeOf(error) === undefined ? code : undefined
  if (sqlState === undefined) {
    // What has no SQLSTATE did not come from the server: the connection could not be made, or broke.
    const answer = systemCodeOf(error) ?? 'no answer'
    return new LetheError('state-unavailable', `the database cannot be reached (${answer}); check its address`, {
      retryable: true,
      cause: error,
    })
  }
  const detail = { sqlState }
  if (conflicts.has(sqlState)) {
    return new LetheError('state-conflict', 'another transaction was in the way; try again', {
      retryable: true,
      detail,
      cause: error,
    })
  }
  if (unavailable.test(sqlState)) {
    return new LetheError('state-unavailable', `the database is not at our service (${sqlState})`, {
      retryable: true,
      detail,
      cause: error,
    })
  }
  if (/^(?:28|3D)/.test(sqlState)) {
    return new LetheError('state-unavailable', `the database does not let us in (${sqlState})`, {
      detail,
      cause: error,
    })
  }
  return new LetheError('internal', `the database refused a statement (${sqlState}); please report it`, {
    detail,
    cause: error,
  })
}
