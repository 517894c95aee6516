import { testKills } from './killed-worker-suite.ts'

const every = Number(process.env['LETHE_KILL_EVERY'] ?? 150)
const kills = Number(process.env['LETHE_KILLS'] ?? 2)

testKills('embedded', { every, kills })
