/**
 * Three readers of one Cookie header must agree on what it says: Envoy when it hashes, the filter, and the model in
 * host/envoy/cookie.ts. Envoy cannot be asked what it read; the pod that it picks by its own cookie policy tells.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLoadBalancer, type HeaderEntry, parseCookieValue, xxHash64 } from '../../host/envoy/index.ts'
import { cookieLines, FIELD_OCTETS } from '../cookies/generate.ts'
import { hashedValue, rewrittenFor, sessionOf } from '../cookies/reference.ts'
import { SEED } from '../fuzz/prng.ts'
import { Authority, downstreamTls } from './certificates.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { Http2Connection } from './http2-connection.ts'
import { inEnvoy } from './in-envoy.ts'
import { RawConnection } from './raw-connection.ts'
import { seen } from './raw-request.ts'

const NAME = 'ISTIOID'
const RUNS = process.env['PROVE'] === undefined ? 3_000 : 50_000
const HTTP2_RUNS = RUNS / 10
const TIMEOUT = 1_200_000
const MINTED = /^ISTIOID=([A-Za-z0-9_-]{22}); Path=\/; HttpOnly; SameSite=Lax$/
// A raw key ends there.
const LONGEST_KEY = 256

// The key is what the filter read, for the pod to tell; the pod itself is Envoy's choice by the cookie.
const CONFIGURATION = {
  session: { cookie: { name: NAME } },
  key: { format: 'raw' },
  rules: [
    { name: 'read', match: { paths: ['/read'] }, session: { skip: true }, key: { from: [{ cookie: NAME }] } },
  ],
}

inEnvoy(({ binary }) => {
  describe('a Cookie header', () => {
    let gateway: TestGateway
    let podOf: (value: string) => string | undefined
    const connections: RawConnection[] = []
    const open = async () => {
      const connection = await RawConnection.open(gateway.port)
      connections.push(connection)
      return connection
    }

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        destinationRule: 'destination-rules/http-cookie-without-ttl.yaml',
        pluginConfig: CONFIGURATION,
      })
      const hosts = gateway.replicas.all.map(({ name, port }) => ({ name, address: `127.0.0.1:${port}` }))
      const balancer = createLoadBalancer(hosts, { ringHash: { minimumRingSize: 1024 } }, () => {
        throw new Error('only requests with a hash are balanced here')
      })
      podOf = (value) => balancer.chooseHost(xxHash64(value))?.name
    })

    afterAll(async () => {
      for (const connection of connections) connection.close()
      await gateway[Symbol.asyncDispose]()
    })

    test('arrives with every octet but controls other than the tab: a lone CR is dropped, the others are refused', async () => {
      const arrived = new Map<string, number[]>()
      for (let octet = 0; octet < 256; octet++) {
        const cookie = `a${String.fromCharCode(octet)}b`
        const connection = await open()
        const answer = await connection.get('/read', [`cookie: ${cookie}`])
        connection.close()
        const how =
          answer.status !== 200 ? 'refused' : seen(answer, 'cookie')[0] === cookie ? 'whole' : 'changed'
        arrived.set(how, [...(arrived.get(how) ?? []), octet])
        if (how === 'changed') expect(seen(answer, 'cookie')).toEqual(['ab'])
      }
      expect(arrived.get('whole')).toEqual(FIELD_OCTETS)
      expect(arrived.get('changed')).toEqual([0x0d])
    })

    test('with a second cookie that only others could take for the session reaches the pod without it', async () => {
      const connection = await open()
      const answer = await connection.get('/keep', ['cookie: ISTIOID=; \tISTIOID=evil'])
      const id = MINTED.exec(answer.setCookie.join('\n'))?.[1] ?? 'nothing was minted'
      expect(seen(answer, 'cookie')).toEqual([`ISTIOID=${id}`])
    })

    test(
      `is read by the filter as by Envoy, as it came and as it was rewritten: ${RUNS} generated ones (seed ${SEED})`,
      async () => {
        const [reading, keeping] = [await open(), await open()]
        const count = { absent: 0, hashed: 0, kept: 0, rewritten: 0, minted: 0 }
        await fc.assert(
          fc.asyncProperty(cookieLines(NAME), async (generated) => {
            const sent = generated.map((line) => `cookie: ${line}`)
            const lines = generated.map(withoutOuterBlanks)
            const [read, kept] = await Promise.all([reading.get('/read', sent), keeping.get('/keep', sent)])

            expect(read).toMatchObject({ status: 200, setCookie: [] })
            expect(seen(read, 'cookie')).toEqual(lines)
            const hashed = hashedValue(lines, NAME)
            expect(
              parseCookieValue(
                lines.map((line): HeaderEntry => ['cookie', line]),
                NAME,
              ),
            ).toBe(hashed)
            expect(seen(read, 'x-mooring-key')).toEqual(rawKey(hashed))
            if (hashed !== '') expect(read.echo?.pod).toBe(podOf(hashed))
            count[hashed === '' ? 'absent' : 'hashed']++

            expect(kept.status).toBe(200)
            const session = sessionOf(lines, NAME)
            const id = session?.id ?? MINTED.exec(kept.setCookie.join('\n'))?.[1] ?? 'nothing was minted'
            expect(kept.setCookie).toHaveLength(session === undefined ? 1 : 0)
            expect(seen(kept, 'cookie')).toEqual(
              session?.asItStands === true ? lines : [withoutOuterBlanks(rewrittenFor(lines, NAME, id))],
            )
            expect(seen(kept, 'x-mooring-key')).toEqual(rawKey(id))
            expect(kept.echo?.pod).toBe(podOf(id))
            count[session === undefined ? 'minted' : session.asItStands ? 'kept' : 'rewritten']++
          }),
          { numRuns: RUNS, seed: SEED | 0 },
        )
        for (const [way, times] of Object.entries(count)) expect(times, way).toBeGreaterThan(RUNS / 25)
      },
      TIMEOUT,
    )
  })

  test(
    `over HTTP/2, in several fields, is one to the filter: ${HTTP2_RUNS} generated ones (seed ${SEED})`,
    async () => {
      const authority = new Authority('test authority')
      await using gateway = await startGateway({
        binary,
        pluginConfig: CONFIGURATION,
        transportSocket: downstreamTls(authority.issue({ dns: ['test.com'] })),
      })
      const connection = new Http2Connection(gateway.port, authority.cert)
      await fc.assert(
        fc.asyncProperty(cookieLines(NAME), async (generated) => {
          // RFC 9113, section 8.2.1: no blanks around a value.
          const fields = generated.map(withoutOuterBlanks).filter((field) => field !== '')
          const joined = fields.length === 0 ? [] : [fields.join('; ')]
          const read = await connection.get('/read', fields)
          expect(read).toMatchObject({ status: 200, setCookie: [] })
          expect(seen(read, 'cookie')).toEqual(joined)
          expect(seen(read, 'x-mooring-key')).toEqual(rawKey(hashedValue(joined, NAME)))
        }),
        { numRuns: HTTP2_RUNS, seed: SEED | 0 },
      )
      connection.close()
    },
    TIMEOUT,
  )
})

/** RFC 9110, section 5.5: blanks around a value are not part of it. */
function withoutOuterBlanks(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '')
}

/** The key headers for a value with `format: raw`, as docs/keys.md says: none where it is empty or too long. */
function rawKey(value: string): string[] {
  const key = value.replace(
    /[^!-$&-+\--~]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
  return key === '' || key.length > LONGEST_KEY ? [] : [key]
}
