import { openEmbeddedState } from '../state/open-test-state.ts'
import { testCrashes } from './crash-suite.ts'

testCrashes(openEmbeddedState, { seeds: 6, every: 7 })
