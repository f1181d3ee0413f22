/** Several cookies with the session's name: the best one counts, and of two as good the first, as for Envoy. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../host/index.ts'
import { pass, requestValues, startMooring } from '../filter/mooring.ts'
import { ENVIRONMENT, K1, STRANGER, ring } from './keys.ts'
import { base64url, successorOf, tokenOf, type SigningKey } from './token.ts'

const NOW = 1_790_000_000
const HOUR = 3600

const id = (first: number) => Buffer.alloc(16, first)
const token = (first: number, age = 0, birth = age, key: SigningKey = K1) =>
  tokenOf(key, { name: 'ISTIOID' }, { id: id(first), birth: NOW - birth, issued: NOW - age })
const successor = (first: number, birth: number) =>
  base64url(successorOf(K1, { id: id(first), birth: NOW - birth }))

const VALID = token(1)
const UNKNOWN = token(2, 0, 0, STRANGER)
const IDLE = token(3, HOUR)
const ENDED = token(4, 0, 13 * HOUR)
const FORGED = token(5, 0, 0, { ...STRANGER, kid: 'k1' })
const UNSIGNED = [base64url(id(6)), base64url(id(7))] as const

test.each<[what: string, cookies: readonly string[], session: string | undefined]>([
  ['two valid ones', [VALID, token(8)], base64url(id(1))],
  ['two unsigned ones', UNSIGNED, UNSIGNED[0]],
  ['a valid one behind three others', [FORGED, UNSIGNED[0], IDLE, VALID], base64url(id(1))],
  ['a valid one behind four others', [FORGED, FORGED, IDLE, IDLE, VALID], successor(3, HOUR)],
  ['an unsigned one before an expired one', [UNSIGNED[1], IDLE], UNSIGNED[1]],
  ['an unsigned one behind an expired one', [IDLE, UNSIGNED[1]], UNSIGNED[1]],
  ['two that are idle', [IDLE, token(9, HOUR)], successor(3, HOUR)],
  ['one that is idle behind one at its end', [ENDED, IDLE], successor(3, HOUR)],
  ['one that is idle before one at its end', [IDLE, ENDED], successor(3, HOUR)],
  ['one at its end behind a forged one', [FORGED, ENDED], successor(4, 13 * HOUR)],
  ['one of an unknown key behind an expired one', [IDLE, UNKNOWN], undefined],
])('%s', (_, cookies, session) => {
  const { plugin } = startMooring(
    {
      session: {
        signing: {
          keys: ring(K1),
          idleTimeout: '30m',
          absoluteTimeout: '12h',
          acceptUnsignedUntil: '2999-01-01T00:00:00Z',
        },
      },
    },
    { environment: ENVIRONMENT, clock: new ManualClock(new Date(NOW * 1000)) },
  )
  const passed = pass(plugin, [['cookie', cookies.map((value) => `ISTIOID=${value}`).join('; ')]])
  expect(requestValues(passed, 'cookie')).toEqual(session === undefined ? [] : [`ISTIOID=${session}`])
  passed.stream.end()
})
