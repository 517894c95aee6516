import { openEmbeddedState, shareState } from '../state/open-test-state.ts'
import { testFind } from './find-suite.ts'
import { testForget } from './forget-suite.ts'

const open = shareState(openEmbeddedState)
testFind(open)
testForget(open)
