/** The filter as users run it, fed with what no client, host or operator should send: nothing traps, all promises hold. */
import { expect, test } from 'vitest'
import { SEED, TIME_LIMIT, caseCount, rounds } from './prng.ts'
import { Round } from './round.ts'

const CASES = caseCount(14_000)

test(
  `${CASES} random requests, properties, configurations and refusals (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  () => {
    let requests = 0
    let accepted = 0
    rounds('requests.test.ts', CASES, (prng) => {
      const round = new Round(prng)
      const cases = round.run()
      requests += round.requests
      accepted += round.accepted
      return cases
    })
    if (process.env['MOORING_ROUND'] === undefined) {
      expect(requests).toBeGreaterThan(CASES / 2)
      expect(accepted).toBeGreaterThan(CASES / 50)
    }
  },
)
