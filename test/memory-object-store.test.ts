import { describeObjectStore } from './contract/object-store.ts'
import { makeMemoryObjectStore } from './memory-object-store.ts'

describeObjectStore('memory store', () => Promise.resolve(makeMemoryObjectStore()))
