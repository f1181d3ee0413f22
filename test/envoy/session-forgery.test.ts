/** What is no token of ours is not believed: no pod sees the id that it names. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENVIRONMENT, K1, K2, STRANGER } from '../session/keys.ts'
import { base64url, idOf, judge, tokenOf } from '../session/token.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { exchange, overSocket, type SocketAnswer } from './over-socket.ts'
import { rawRequest } from './raw-request.ts'
import {
  ABSOLUTE,
  HOUR,
  IDLE,
  MINUTE,
  SCOPE,
  cookieOf,
  countersAt,
  now,
  sessionSeen,
  sessionsSet,
  signing,
  tokenAged,
} from './signed.ts'

const KEYS = [K2, K1]
const ID = Buffer.from('victim-victim-vi')
const VICTIM = base64url(ID)

/** A token of the victim's session; what is signed with is the attacker's choice where it is not `k2`. */
const victims = (aged: Parameters<typeof tokenAged>[0] = {}) => tokenAged(aged, ID)
const withField = (token: string, index: number, change: (field: string) => string) =>
  token
    .split('.')
    .map((field, i) => (i === index ? change(field) : field))
    .join('.')

// 16 bytes leave four bits of the last character unused, 12 bytes none.
const spareBit = (field: string) =>
  `${field.slice(0, -1)}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[field.slice(-1)] ?? ''}`

const isPrintable = (text: string) =>
  Buffer.from(text, 'latin1').every((byte) => byte >= 0x20 && byte !== 0x7f)

const FORGERIES: readonly (readonly [what: string, make: () => string])[] = [
  ['of another audience', () => victims({ scope: { ...SCOPE, audience: 'shop2' } })],
  ['of no audience', () => victims({ scope: { name: SCOPE.name } })],
  ['of another cookie', () => victims({ scope: { ...SCOPE, name: 'OTHERID' } })],
  [
    'of a name and an audience that are the same bytes, divided elsewhere',
    () => victims({ scope: { name: `${SCOPE.name}s`, audience: 'hop' } }),
  ],
  ['signed by a key of its own under a known id', () => victims({ key: { ...STRANGER, kid: 'k2' } })],
  ['signed by k2, naming k1', () => withField(victims(), 1, () => 'k1')],
  ['of a key that nobody here has', () => victims({ key: STRANGER })],
  ['of another version', () => withField(victims(), 0, () => '2')],
  ['without its tag', () => withField(victims(), 4, () => '')],
  ['with a tag of zeros', () => withField(victims(), 4, () => 'A'.repeat(22))],
  ['with the tag of another session', () => withField(victims(), 4, () => tokenAged().slice(-22))],
  ['with later times', () => withField(victims({ issued: HOUR }), 3, () => tokenAged().split('.')[3] ?? '')],
  [
    'whose bound key was taken off',
    () => victims({ bound: Buffer.alloc(16, 1) }).replace(/\.[^.]*(?=\.[^.]*$)/, ''),
  ],
  ['to which a bound key was added', () => withField(victims(), 4, (tag) => `${'A'.repeat(22)}.${tag}`)],
  ['in another spelling of the same id', () => withField(victims(), 2, spareBit)],
  ['in another spelling of the same tag', () => withField(victims(), 4, spareBit)],
  ['with padding', () => `${victims()}==`],
  ['in two pairs of quotes', () => `""${victims()}""`],
  ['the bare id', () => VICTIM],
  ['oversize', () => victims().padEnd(105, 'A')],
  ['of 8 KiB', () => victims().padEnd(8192, 'A')],
  ['a minute after the clock skew of the future', () => victims({ issued: -3 * MINUTE })],
  ['born after it was issued', () => tokenOf(K2, SCOPE, { id: ID, birth: now() + 5, issued: now() })],
  ['with a flag that nobody knows', () => victims({ flags: 2 })],
  ['idle for too long', () => victims({ issued: IDLE + 2 * MINUTE })],
  ['beyond its absolute end', () => victims({ born: ABSOLUTE + 2 * MINUTE })],
]

inEnvoy(({ binary }) => {
  describe('signed sessions', () => {
    let gateway: TestGateway
    let sent = 0

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        env: ENVIRONMENT,
        pluginConfig: {
          session: { signing: signing(...KEYS) },
          rules: [
            { name: 'ignore', match: { paths: ['/ignore'] }, session: { onInvalid: 'ignore' } },
            { name: 'reject', match: { paths: ['/reject'] }, session: { onInvalid: 'reject' } },
          ],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    const present = async (token: string, path = '/') => {
      sent++
      return await rawRequest(gateway.port, cookieOf(token), { path })
    }

    test.each([
      ['as it is', () => victims()],
      ['in quotes', () => `"${victims()}"`],
      ['of the second key', () => victims({ key: K1 })],
      ['a little before its idle end', () => victims({ issued: IDLE - MINUTE })],
    ])('a sound token counts, %s', async (_, make) => {
      expect(sessionSeen(await present(make()))).toBe(VICTIM)
    })

    test.each(FORGERIES)('a token %s does not', async (_, make) => {
      const token = make()
      for (const path of ['/', '/ignore']) {
        const answer = await present(token, path)
        expect(answer.status).toBe(200)
        const session = sessionSeen(answer)
        expect(session).not.toBe(VICTIM)
        // Whatever the pod sees is what the client is given, or nothing.
        expect(sessionsSet(answer).map(({ value }) => idOf(value))).toEqual(
          session === undefined ? [] : [session],
        )
      }
    })

    test('no part of a token counts, whatever follows it', async () => {
      const token = victims()
      const parts = Array.from({ length: token.length }, (_, length) => token.slice(0, length))
      const sessions = await Promise.all(parts.map(async (part) => sessionSeen(await present(part))))
      expect(sessions).not.toContain(VICTIM)
      expect(new Set(sessions).size).toBe(parts.length)
    })

    test('no token counts in which one bit is another', async () => {
      const token = victims()
      const flipped = Array.from({ length: token.length * 8 }, (_, bit) => {
        const bytes = Buffer.from(token)
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        return bytes.toString('latin1')
      })
      const answers = await Promise.all(
        flipped.map((text) =>
          overSocket(
            gateway.port,
            ['GET / HTTP/1.1', 'host: test.com', 'connection: close', `cookie: ${SCOPE.name}=${text}`],
            'latin1',
          ),
        ),
      )
      sent += answers.filter(({ echo }) => echo !== undefined).length
      const sessionOf = ({ echo }: SocketAnswer) => (echo === undefined ? undefined : sessionSeen({ echo }))
      expect(answers.map(sessionOf)).not.toContain(VICTIM)

      // A header cannot hold control characters: Envoy refuses most, and a line feed ends the line.
      const passing = answers.filter((_, i) => isPrintable(flipped[i] ?? ''))
      expect(new Set(passing.map(({ status }) => status))).toEqual(new Set(['HTTP/1.1 200 OK']))
      // An unknown key is left alone, all else replaced by a session of its own.
      const unknown = flipped.filter((text) => judge(text, KEYS, SCOPE, now()) === 'unknown_key').length
      expect(unknown).toBeGreaterThan(0)
      expect(passing.filter((answer) => sessionOf(answer) === undefined)).toHaveLength(unknown)
      expect(new Set(passing.map(sessionOf)).size).toBe(passing.length - unknown + 1)
    })

    test('onInvalid: ignore leaves such a request without a session, and the client as it is', async () => {
      const answer = await present(victims({ key: { ...STRANGER, kid: 'k2' } }), '/ignore')
      expect(sessionSeen(answer)).toBeUndefined()
      expect(answer.setCookie).toEqual([])
      expect(answer.echo?.headers.map(([name]) => name)).not.toContain('x-mooring-key')
    })

    test('onInvalid: reject answers a forged token with 403, one text for all, and takes the cookie away', async () => {
      const forged = [
        victims({ key: { ...STRANGER, kid: 'k2' } }),
        victims({ scope: { ...SCOPE, audience: 'shop2' } }),
        withField(victims(), 4, () => 'A'.repeat(22)),
      ]
      const answers = await Promise.all(
        forged.map((token) =>
          exchange(
            gateway.port,
            Buffer.from(
              `GET /reject HTTP/1.1\r\nhost: test.com\r\ncookie: a=1; ${SCOPE.name}=${token}\r\nconnection: close\r\n\r\n`,
            ),
          ),
        ),
      )
      sent += forged.length
      const expected = [
        'HTTP/1.1 403 Forbidden',
        'cache-control: no-store',
        'set-cookie: ISTIOID=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
        'content-length: 26',
        'content-type: text/plain',
        'date: <now>',
        'server: envoy',
        'connection: close',
        '',
        'This request was refused.\n',
      ].join('\r\n')
      expect(answers.map((answer) => answer.replace(/^date: .*/m, 'date: <now>'))).toEqual(
        forged.map(() => expected),
      )
    })

    test.each([
      ['expired', () => victims({ issued: IDLE + 2 * MINUTE })],
      ['malformed', () => 'no token'],
      ['of an unknown key', () => victims({ key: STRANGER })],
    ])('onInvalid: reject concerns forged tokens only: one that is %s passes', async (_, make) => {
      const answer = await present(make(), '/reject')
      expect([answer.status, sessionSeen(answer) === VICTIM]).toEqual([200, false])
    })

    test('a sound token beside a forged one counts, on every path', async () => {
      for (const path of ['/', '/ignore', '/reject']) {
        const answer = await present(
          `${victims({ key: { ...STRANGER, kid: 'k2' } })}; ISTIOID=${victims()}`,
          path,
        )
        expect([answer.status, sessionSeen(answer)]).toEqual([200, VICTIM])
      }
    })

    test('each is counted by what was wrong with it', async () => {
      const counters = await countersAt(gateway.envoy, sent)
      expect(counters['requests']).toBe(sent)
      const { session_rejected: rejected } = counters
      expect(rejected).toBe(3)
      for (const reason of ['forged', 'malformed', 'unknown_key', 'expired_idle', 'expired_absolute']) {
        expect([reason, counters[`session_${reason}`] ?? 0]).not.toEqual([reason, 0])
      }
    })
  })
})
