import { openEmbeddedState } from '../state/open-test-state.ts'
import { testFind } from './find-suite.ts'
import { testForget } from './forget-suite.ts'

testFind(openEmbeddedState)
testForget(openEmbeddedState)
