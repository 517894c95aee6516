import { describeObjectStore } from '../../../../test/contract/object-store.ts'
import { makeTemporaryFolder } from '../../../../test/temporary-folder.ts'
import { makeFileStore } from './file-store.ts'

describeObjectStore('file store', async () => ({ ...(await makeTemporaryFolder()), store: makeFileStore() }))
