import { testKills, testPauses } from '../jobs/killed-worker-suite.ts'

const every = Number(process.env['LETHE_KILL_EVERY'] ?? 25)
const kills = Number(process.env['LETHE_KILLS'] ?? 20)

testKills('server', { every, kills })
testPauses({ every })
