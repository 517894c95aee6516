import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { expectErased, expectNothingBeside, expectNothingFalse } from '../jobs/expect-truth.ts'
import { InterruptedServer } from '../jobs/interrupted-server.ts'
import { makeSite } from '../jobs/make-site.ts'
import { addSiteMappers, expectCleanState, fillLakeOf, siteConfiguration, startSiteJob } from '../jobs/site-jobs.ts'
import { makeRandom } from '../parquet/random.ts'
import { serviceAddress } from '../service-address.ts'

const outages = Number(process.env['LETHE_OUTAGES'] ?? 6)

test('workers whose database goes away again and again wait for it, and the job ends true', async () => {
  await using way = new InterruptedServer(serviceAddress('DATABASE_URL'))
  await way.start()
  await using site = await makeSite('server', siteConfiguration, (url) => way.addressFor(url))
  const files = await fillLakeOf(site, 20 + 10 * outages)
  const id = await site.during(async (open) => {
    await addSiteMappers(open)
    return await startSiteJob(open, ['user-1'])
  })
  const erasure = { folder: site.folder, files, isErased: ({ user_id }: { user_id: string }) => user_id === 'user-1' }
  const workers = [1, 2].map(() => site.spawn(['worker', '--until-idle']))
  // One that finds no database when it starts says so and ends; these are at work.
  await site.during(async ({ workspace }) => {
    while ((await workspace.jobs.get(id))!.state === 'QUEUED') await delay(20)
  })
  await delay(1000)
  const random = makeRandom(815)
  for (let outage = 0; outage < outages; outage += 1) {
    await delay(400 + random.below(900))
    await way.stop()
    await delay(300 + random.below(1500))
    await site.during(({ workspace }) => expectNothingFalse(workspace.jobs, id, erasure))
    await way.start()
  }
  for (const { ended } of workers) expect(await ended).toBe(0)
  await site.during(async (open) => {
    await expectErased(open.workspace.jobs, id, erasure)
    await expectNothingBeside(erasure)
    await expectCleanState(site, open)
  })
  // Else the job was over before the first of them.
  expect(way.cut).toBeGreaterThan(outages)
}, 300_000)
