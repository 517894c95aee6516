import { describe } from 'vitest'
import { openEmbeddedState } from '../../../../test/state/open-test-state.ts'
import { testStores } from '../../../../test/state/stores-suite.ts'

describe('the state, embedded', () => testStores(openEmbeddedState))
