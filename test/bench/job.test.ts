import { expect, test } from 'vitest'
import { assertDoesItsJob } from '../../bench/contender.ts'
import { JOBS } from '../../bench/job.ts'
import { Load } from '../../bench/load.ts'

test('a contender is timed only if the key header reaches the upstream as expected', async () => {
  await using load = await Load.start()
  // Nothing stands between: what is sent arrives.
  const { visit } = JOBS.session
  const arrives = (sent: string | undefined, key: string | undefined) =>
    assertDoesItsJob(
      {
        name: 'no proxy',
        port: load.upstream,
        job: {
          claims: {},
          key,
          visit: {
            ...visit,
            headers: { ...visit.headers, ...(sent === undefined ? {} : { 'x-mooring-key': sent }) },
          },
        },
      },
      load,
    )
  await arrives('a', 'a')
  await arrives(undefined, undefined)
  await expect(arrives(undefined, 'a')).rejects.toThrow('no proxy: key header absent, expected a')
  await expect(arrives('a', undefined)).rejects.toThrow('no proxy: key header a, expected absent')
  await expect(arrives('a', 'b')).rejects.toThrow('no proxy: key header a, expected b')
})

test('all visits are of one length, so that one baseline serves all', () => {
  const lengths = Object.values(JOBS).map(({ visit }) => JSON.stringify(visit).length)
  expect(new Set(lengths).size).toBe(1)
})
