/** The built filter's reading and rewriting of generated Cookie headers, against test/cookies/reference.ts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HeaderEntry } from '../../host/index.ts'
import { cookieLines } from '../cookies/generate.ts'
import { hashedValue, rewrittenFor, sessionOf } from '../cookies/reference.ts'
import { SEED } from '../fuzz/prng.ts'
import { pass, requestValues, setCookies, startMooring } from './mooring.ts'

const NAME = 'ISTIOID'
const RUNS = process.env['PROVE'] === undefined ? 4_000 : 200_000
const MINTED = /^ISTIOID=([A-Za-z0-9_-]{21}[AQgw]); Path=\/; HttpOnly; SameSite=Lax$/
const TIMEOUT = 1_200_000

test(
  `${RUNS} generated Cookie headers: the session is the one of the reference, and so is every octet that the pod gets (seed ${SEED})`,
  () => {
    const { plugin } = startMooring({ session: { cookie: { name: NAME } } })
    const seen = { kept: 0, rewritten: 0, minted: 0 }
    fc.assert(
      fc.property(cookieLines(NAME), (lines) => {
        const passed = pass(
          plugin,
          lines.map((line): HeaderEntry => ['cookie', line]),
        )
        const after = requestValues(passed, 'cookie')
        const set = setCookies(passed)
        const session = sessionOf(lines, NAME)
        if (session === undefined) {
          seen.minted++
          const id = MINTED.exec(set.join('\n'))?.[1] ?? 'nothing was minted'
          expect(after).toEqual([rewrittenFor(lines, NAME, id)])
          expect(hashedValue(after, NAME)).toBe(id)
          return
        }
        seen[session.asItStands ? 'kept' : 'rewritten']++
        expect(set).toEqual([])
        expect(after).toEqual(session.asItStands ? lines : [rewrittenFor(lines, NAME, session.id)])
        expect(hashedValue(after, NAME)).toBe(session.id)
      }),
      { numRuns: RUNS, seed: SEED | 0 },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 20)
  },
  TIMEOUT,
)

// Blanks and tabs around a name are nothing to many applications, and to the next proxy where they start a line.
test.each([
  ['a tab before the name', 'ISTIOID=; \tISTIOID=evil', ''],
  ['blanks and tabs around it', 'a=1; ISTIOID=; \t ISTIOID \t=evil; b=2', 'a=1; b=2; '],
  ['a blank behind it, in front', 'ISTIOID =evil; a=1', 'a=1; '],
  ['a tab behind it, in the second of two entries', 'ISTIOID=;a=1\nISTIOID\t=evil; b="2"', 'a=1; b="2"; '],
])('a cookie that only others could take for the session does not reach the pod: %s', (_, lines, left) => {
  const { plugin } = startMooring({ session: { cookie: { name: NAME } } })
  const passed = pass(
    plugin,
    lines.split('\n').map((line): HeaderEntry => ['cookie', line]),
  )
  const id = MINTED.exec(setCookies(passed).join('\n'))?.[1] ?? 'nothing was minted'
  expect(requestValues(passed, 'cookie')).toEqual([`${left}ISTIOID=${id}`])
})
