import { openEmbeddedState, shareState } from '../state/open-test-state.ts'
import { testCrashes } from './crash-suite.ts'

testCrashes(shareState(openEmbeddedState), { seeds: 6, every: 7 })
