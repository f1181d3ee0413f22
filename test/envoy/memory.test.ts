/**
 * What the filter keeps in a real Envoy, read byte by byte: nothing of a stream whose answer sets nothing, however many are
 * open, and nothing of a request that is over, however many there were.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HeldStreams } from '../../bench/conditions/held-streams.ts'
import { contendersFor, type RunningContender, startContender } from '../../bench/contender.ts'
import { type Job, jobsAt, type Visit } from '../../bench/jobs.ts'
import { Load } from '../../bench/load.ts'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import type { EnvoyProcess } from '../../tools/envoy-process.ts'
import { differences } from '../filter/differences.ts'
import { inEnvoy } from './in-envoy.ts'
import { answeringItsMemory, linearMemory } from './linear-memory.ts'
import { until } from './until.ts'

const PAGE = 65_536
const OPEN = 10_000
/** Of counters, and of what the last request left, such as its id: far below a bit for each open stream. */
const MOST_CHANGED_BYTES = 256

/** Sent one after the other of a kind. */
const BLOCK = 50
/** What shows in the counters when each kind was there. */
const KINDS = [
  'key_all',
  'key_session',
  'requests_skipped',
  'session_minted',
  'session_renewed',
  'session_replaced',
  'session_valid',
  'cookie_set',
]

const PROVE = process.env['PROVE'] !== undefined
/** Jobs whose answer sets nothing: a session copied, one verified, a chain, and when proving all of them. */
const NOTHING_PENDING = PROVE ? ['a', 'b', 'd', 'f', 'g', 'h', 'i', 'l'] : ['a', 'd', 'l']
const REQUESTS = PROVE ? 1_000_000 : 20_000
const TIMEOUT = PROVE ? 3_600_000 : 120_000

const JOBS = jobsAt(Math.floor(Date.now() / 1000))

function job(letter: string): Job {
  const found = JOBS.find((each) => each.letter === letter)
  if (found === undefined) throw new Error(`no job ${letter}`)
  return found
}

/** A request that leaves nothing pending under any of the configurations here. */
const ASKING = job('d').visit

/** One configuration for the requests of all jobs but (j), whose cookie is the application's. */
const VISITS: readonly Visit[] = JOBS.filter(({ letter }) => letter !== 'j').map(({ visit }) => visit)
const MIX: Job = {
  ...job('k'),
  letter: 'mix',
  anonymous: true,
  pluginConfig: { ...job('k').pluginConfig, ...job('l').pluginConfig, ...job('i').pluginConfig },
}

let directory = ''
let wasm = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mooring-memory-'))
  wasm = join(directory, 'filter.wasm')
  writeFileSync(wasm, answeringItsMemory(readFileSync(BUILT_FILTER)))
})
afterAll(() => {
  rmSync(directory, { recursive: true })
})

inEnvoy(({ binary }) => {
  async function withFilter(
    job: Job,
    use: (running: RunningContender, load: Load) => Promise<void>,
  ): Promise<void> {
    const mooring = contendersFor(job, { empty: '', floor: '', callsAlone: new Map() }).at(-1)
    if (mooring === undefined) throw new Error('nobody does the job')
    await using load = await Load.start()
    const running = await startContender({ ...mooring, wasm, holds: true }, job, binary, load.upstream)
    try {
      await use(running, load)
    } finally {
      await running.envoy.stop()
    }
  }

  test.each(NOTHING_PENDING)(
    `(%s) ${OPEN} streams that await an answer which sets nothing are nowhere in the filter's memory`,
    async (letter) => {
      await withFilter(job(letter), async ({ port, envoy, visit }, load) => {
        const held = new HeldStreams(port, envoy, visit)
        try {
          await load.send(port, visit, 200)
          const before = await linearMemory(port, visit)
          await held.holdUpTo(OPEN)
          const changed = differences(before, await linearMemory(port, visit))
          // The counters at least: what is read is the memory of the filter that these streams passed.
          expect(changed).toBeGreaterThan(0)
          expect(changed).toBeLessThanOrEqual(MOST_CHANGED_BYTES)
        } finally {
          held.close()
        }
      })
    },
  )

  test(`(c) ${OPEN} streams whose answer is to set a cookie are kept, and as many more take no more`, async () => {
    const { visit } = job('c')
    await withFilter(job('c'), async ({ port, envoy }, load) => {
      const sizes: number[] = []
      const note = async () => sizes.push((await linearMemory(port, job('a').visit)).length)
      await load.send(port, visit, 200)
      await note()
      for (let time = 0; time < 3; time++) {
        const held = new HeldStreams(port, envoy, visit)
        await held.holdUpTo(OPEN)
        await note()
        held.close()
        // Waits until Envoy has noticed.
        await new HeldStreams(port, envoy, visit).holdUpTo(0)
      }
      const [before = 0, first = 0, ...more] = sizes
      expect(first - before).toBeGreaterThan(OPEN * 100)
      expect(more).toEqual([first, first])
    })
  })

  test(
    `after ${REQUESTS} requests of every kind the memory is as large as after the 1,000th`,
    { timeout: TIMEOUT },
    async () => {
      await withFilter(MIX, async ({ port, envoy }, load) => {
        let sent = 0
        const sendUpTo = async (count: number): Promise<void> => {
          for (; sent < count; sent += BLOCK)
            await load.send(port, VISITS[(sent / BLOCK) % VISITS.length] ?? ASKING, BLOCK)
        }
        await sendUpTo(1000)
        const { length } = await linearMemory(port, ASKING)
        // What docs/performance.md says.
        expect(length).toBe(5 * PAGE)
        await sendUpTo(REQUESTS)
        expect((await linearMemory(port, ASKING)).length).toBe(length)
        // With the two that asked; counters are handed over each second.
        await until('the count of all requests', async () => {
          return (await counters(envoy)).get('requests') === REQUESTS + 2
        })
        expect([...(await counters(envoy)).keys()]).toEqual(expect.arrayContaining(KINDS))
      })
    },
  )
})

/** The filter's counters that are not zero. */
async function counters(envoy: EnvoyProcess): Promise<ReadonlyMap<string, number>> {
  const stats = [...(await envoy.stats('mooring_'))].filter(([, value]) => value > 0)
  return new Map(stats.map(([name, value]) => [name.replace(/^.*mooring_/, ''), value]))
}
