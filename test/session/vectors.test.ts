/** The vectors of docs/token.md, as they stand there: computed by the second implementation, and by the filter. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../host/index.ts'
import { counter, pass, requestValues, setCookies, startMooring } from '../filter/mooring.ts'
import { ENVIRONMENT, HASH_SECRET, K2, ring } from './keys.ts'
import { adoptedId, base64url, deriveKey, successorOf, tokenOf } from './token.ts'

const SCOPE = { name: 'ISTIOID', audience: 'shop.example.com' }
const ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const BIRTH = 1_700_000_000
const ISSUED = 1_700_000_600
const CLAIMS = { id: ID, birth: BIRTH, issued: ISSUED }
/** The plain key of the id above, as docs/keys.md gives it. */
const KEY = '9AfeeRy0n9B_1r3h8pWh-Q'

const page = readFileSync(new URL('../../docs/token.md', import.meta.url), 'utf8')
const vectors = new Map(
  [...(page.split('\n## Vectors\n')[1] ?? '').matchAll(/^\| (.*) \| `([^`]*)` \|$/gm)].map(
    ([, what = '', value = '']) => [what, value] as const,
  ),
)
const vector = (what: string): string => vectors.get(what) ?? `docs/token.md has no vector: ${what}`

const TOKEN = 'token'
const SECURE = 'token, set with Secure'
const BOUND = `token bound to \`${KEY}\``
const SUCCESSOR = 'id of the successor'
const KEYED = 'id of `OLDSESSION=legacy-value`, with the hash secret'
const PLAIN = 'id of `OLDSESSION=legacy-value`, without'

test('the second implementation computes every vector, and no other stands there', () => {
  expect(Object.fromEntries(vectors)).toEqual({
    'key for `token`': deriveKey(K2.secret, 'token').toString('hex'),
    'key for `successor`': deriveKey(K2.secret, 'successor').toString('hex'),
    'key for `adopt`': deriveKey(HASH_SECRET, 'adopt').toString('hex'),
    [TOKEN]: tokenOf(K2, SCOPE, CLAIMS),
    [SECURE]: tokenOf(K2, SCOPE, { ...CLAIMS, flags: 1 }),
    [BOUND]: tokenOf(K2, SCOPE, { ...CLAIMS, bound: Buffer.from(KEY, 'base64url') }),
    [SUCCESSOR]: base64url(successorOf(K2, CLAIMS)),
    [KEYED]: base64url(adoptedId('OLDSESSION', 'legacy-value', HASH_SECRET)),
    [PLAIN]: base64url(adoptedId('OLDSESSION', 'legacy-value')),
  })
})

describe('the filter', () => {
  const at = (seconds: number, session: object, key: object = {}) =>
    startMooring(
      { session: { ...session }, key: { ...key } },
      { environment: ENVIRONMENT, clock: new ManualClock(new Date(seconds * 1000)) },
    )
  const signed = (signing: object = {}, more: object = {}) => ({
    ...more,
    signing: { keys: ring(K2), audience: SCOPE.audience, absoluteTimeout: '12h', ...signing },
  })

  test.each([
    ['plain', TOKEN, 'http'],
    ['set with Secure', SECURE, 'https'],
    ['bound', BOUND, 'http'],
  ])('accepts the token: %s', (_, what, scheme) => {
    const mooring = at(ISSUED, signed({ idleTimeout: '30m' }), { bind: 'session' })
    const passed = pass(mooring.plugin, [
      [':scheme', scheme],
      ['cookie', `ISTIOID=${vector(what)}`],
    ])
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${base64url(ID)}`])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([KEY])
    expect(counter(mooring, 'session_forged')).toBe(0n)
  })

  test('makes the same tokens', () => {
    // An older token of the same session is due: the new one is issued at the time of the vector.
    const older = (flags: number) => tokenOf(K2, SCOPE, { ...CLAIMS, issued: BIRTH, flags })
    const renewed = (flags: number, key: object) => {
      const { plugin } = at(ISSUED, signed({ idleTimeout: '10m' }), key)
      return setCookies(pass(plugin, [['cookie', `ISTIOID=${older(flags)}`]])).map(
        (line) => /^ISTIOID=([^;]*)/.exec(line)?.[1],
      )
    }
    expect(renewed(0, {})).toEqual([vector(TOKEN)])
    expect(renewed(1, {})).toEqual([vector(SECURE)])
    expect(renewed(0, { bind: 'session' })).toEqual([vector(BOUND)])
  })

  test('names the same successor', () => {
    const { plugin } = at(ISSUED + 3600, signed({ idleTimeout: '30m' }))
    const passed = pass(plugin, [['cookie', `ISTIOID=${vector(TOKEN)}`]])
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${vector(SUCCESSOR)}`])
  })

  test.each([
    ['with the hash secret', KEYED, { hashSecret: { env: 'MOORING_HASH_SECRET' } }],
    ['without', PLAIN, {}],
  ])('adopts the same id %s', (_, what, key) => {
    const { plugin } = at(ISSUED, { adopt: [{ cookie: 'OLDSESSION' }] }, key)
    const passed = pass(plugin, [['cookie', 'OLDSESSION=legacy-value']])
    expect(requestValues(passed, 'cookie')).toEqual([`OLDSESSION=legacy-value; ISTIOID=${vector(what)}`])
  })
})
