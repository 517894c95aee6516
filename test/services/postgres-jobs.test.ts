import { describe } from 'vitest'
import { testCrashes } from '../jobs/crash-suite.ts'
import { testFind } from '../jobs/find-suite.ts'
import { testForget } from '../jobs/forget-suite.ts'
import { openServerState, shareState } from '../state/open-test-state.ts'

describe('jobs, with their state on a Postgres server', () => {
  const open = shareState(openServerState)
  testFind(open)
  testForget(open)
  testCrashes(open, { seeds: 20, every: 3 })
})
