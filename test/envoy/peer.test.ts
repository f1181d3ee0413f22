/** Sources that are a certificate's, in a listener that asks its clients for one. */
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forwardedValue } from '../derivation/certificate.ts'
import { plainKey, textNode } from '../filter/reference-key.ts'
import { Authority, downstreamTls } from './certificates.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { http2Request, rawRequest, seen, type RequestTls } from './raw-request.ts'

const KEY = 'x-mooring-key'
const XFCC = 'x-forwarded-client-cert'
const GATEWAY = 'spiffe://cluster.local/ns/istio-ingress/sa/gw'

const authority = new Authority('Test CA')
const stranger = new Authority('Another CA')
const server = authority.issue({ commonName: 'test.com', dns: ['test.com'], uris: [GATEWAY] })
const identities = {
  cart: authority.issue({
    commonName: 'Cart "1", Ltd',
    organization: 'A=B;C\\',
    uris: ['spiffe://cluster.local/ns/shop/sa/cart', 'https://second.example.com'],
    dns: ['cart.example.com', 'second.example.com'],
  }),
  user: authority.issue({
    commonName: 'User',
    uris: ['spiffe://example.org/ns/people/sa/user'],
    dns: ['user.example.com'],
  }),
  gateway: authority.issue({ uris: [GATEWAY] }),
  nameless: authority.issue({}),
  odd: authority.issue({
    commonName: 'odd',
    uris: ['spiffe://cluster.local/ns/odd/sa/odd;URI=spiffe://victim/a'],
    dns: ['a,URI=spiffe://victim/b'],
  }),
  selfMade: stranger.issue({ uris: ['spiffe://cluster.local/ns/shop/sa/cart'] }),
}

type Who = keyof typeof identities

/** TLS that shows this certificate, or none. */
const as = (who?: Who): RequestTls => ({
  ca: authority.cert,
  ...(who === undefined ? {} : identities[who]),
})

const digestOf = (who: Who): string =>
  new X509Certificate(identities[who].cert).fingerprint256.replaceAll(':', '').toLowerCase()

/** A configuration that takes the key of each path from a source of its own. */
function byPath(sources: Readonly<Record<string, object>>): object {
  return {
    key: { header: KEY, from: [{ constant: 'no rule' }] },
    rules: Object.entries(sources).map(([name, key]) => ({ name, match: { paths: [`/${name}`] }, key })),
  }
}

const verifying = downstreamTls(server, { trusted: authority.cert })

inEnvoy(({ binary }) => {
  describe('the peer of an mTLS connection', () => {
    const part = (name: string): object => ({ from: [{ peer: { field: 'uri', part: name } }] })
    const PEER_SOURCES = {
      uri: { from: [{ peer: 'uri' }] },
      dns: { from: [{ peer: 'dns' }] },
      subject: { from: [{ peer: 'subject' }] },
      digest: { from: [{ peer: 'digest' }] },
      trust: part('trustDomain'),
      namespace: part('namespace'),
      account: part('serviceAccount'),
    }
    const keyOf = async (path: string, tls?: RequestTls): Promise<readonly string[]> =>
      seen(
        await rawRequest(gateway.port, [], { path: `/${path}`, ...(tls === undefined ? {} : { tls }) }),
        KEY,
      )
    let gateway: TestGateway

    beforeAll(async () => {
      const { key, rules } = byPath(PEER_SOURCES) as { key: object; rules: object[] }
      gateway = await startGateway({
        binary,
        transportSocket: verifying,
        pluginConfig: {
          key,
          rules: [
            ...rules,
            {
              name: 'believe',
              match: { paths: ['/believe'] },
              key: {
                from: [{ peer: 'uri' }],
                trustInbound: { peers: ['spiffe://cluster.local/ns/istio-ingress/sa/*'] },
              },
            },
          ],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    test.each<[path: keyof typeof PEER_SOURCES, label: string, value: string]>([
      ['uri', 'peer:uri', 'spiffe://cluster.local/ns/shop/sa/cart'],
      ['dns', 'peer:dns', 'cart.example.com'],
      ['subject', 'peer:subject', 'CN=Cart \\"1\\"\\, Ltd,O=A=B\\;C\\\\'],
      ['digest', 'peer:digest', digestOf('cart')],
      ['trust', 'peer:trustDomain', 'cluster.local'],
      ['namespace', 'peer:namespace', 'shop'],
      ['account', 'peer:serviceAccount', 'cart'],
    ])(
      '%s gives the key that the documentation gives, and another client another',
      async (path, label, value) => {
        const key = [plainKey(textNode(label, value))]
        expect(await keyOf(path, as('cart'))).toEqual(key)
        const overHttp2 = await http2Request(gateway.port, {}, { path: `/${path}`, tls: as('cart') })
        expect(seen(overHttp2, KEY)).toEqual(key)

        const other = await keyOf(path, as('user'))
        expect(other).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
        expect(other).not.toEqual(key)
      },
    )

    test('a client without a certificate has none of them', async () => {
      for (const path of Object.keys(PEER_SOURCES)) expect(await keyOf(path, as())).toEqual([])
    })

    test('a certificate without names has its digest only', async () => {
      for (const path of ['uri', 'dns', 'subject', 'namespace']) {
        expect(await keyOf(path, as('nameless'))).toEqual([])
      }
      expect(await keyOf('digest', as('nameless'))).toEqual([
        plainKey(textNode('peer:digest', digestOf('nameless'))),
      ])
    })

    test('a certificate of a CA that the listener does not trust gets no answer', async () => {
      await expect(rawRequest(gateway.port, [], { tls: as('selfMade') })).rejects.toThrow()
    })

    test('a trusted peer brings its key along; whoever else, his own key header is removed', async () => {
      const headers = [KEY, 'from-the-gateway']
      const sent = async (who?: Who): Promise<readonly string[]> =>
        seen(await rawRequest(gateway.port, headers, { path: '/believe', tls: as(who) }), KEY)
      expect(await sent('gateway')).toEqual(['from-the-gateway'])
      expect(await sent('cart')).toEqual([
        plainKey(textNode('peer:uri', 'spiffe://cluster.local/ns/shop/sa/cart')),
      ])
      expect(await sent()).toEqual([])
      const overHttp2 = await http2Request(
        gateway.port,
        { [KEY]: 'from-the-gateway' },
        { path: '/believe', tls: as('gateway') },
      )
      expect(seen(overHttp2, KEY)).toEqual(['from-the-gateway'])
    })
  })

  test('without TLS there is no peer', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: { key: { header: KEY, from: [{ peer: 'uri' }, { peer: 'digest' }] } },
    })
    expect(seen(await rawRequest(gateway.port, []), KEY)).toEqual([])
  })

  test.each([
    ['has no CA to verify them against, there is no peer', {}, []],
    [
      'lets in what does not verify, a name of their own making counts: docs warn of it',
      { trusted: authority.cert, acceptUntrusted: true },
      [plainKey(textNode('peer:uri', 'spiffe://cluster.local/ns/shop/sa/cart'))],
    ],
  ])('where a listener %s', async (_, verification, keys) => {
    await using gateway = await startGateway({
      binary,
      transportSocket: downstreamTls(server, verification),
      pluginConfig: { key: { header: KEY, from: [{ peer: 'uri' }] } },
    })
    expect(seen(await rawRequest(gateway.port, [], { tls: as('selfMade') }), KEY)).toEqual(keys)
  })

  describe.each([
    'SANITIZE',
    'SANITIZE_SET',
    'APPEND_FORWARD',
    'FORWARD_ONLY',
    'ALWAYS_FORWARD_ONLY',
  ] as const)('x-forwarded-client-cert under %s', (mode) => {
    const VICTIM = 'spiffe://cluster.local/ns/victim/sa/victim'
    const FORGED = `By=spiffe://x;Hash=00;Subject="";URI=${VICTIM}`
    const FIELDS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      by: { field: 'by' },
      hash: { field: 'hash' },
      subject: { field: 'subject' },
      uri: { field: 'uri' },
      dns: { field: 'dns' },
      account: { field: 'uri', part: 'serviceAccount' },
      first: { field: 'uri', element: 'first', hops: 1 },
      'first-of-two': { field: 'uri', element: 0, hops: 2 },
      'only-one': { field: 'uri', hops: 1 },
    }
    let gateway: TestGateway

    beforeAll(async () => {
      gateway = await startGateway({
        binary,
        transportSocket: verifying,
        connectionManager: {
          forward_client_cert_details: mode,
          set_current_client_cert_details: { subject: true, cert: true, dns: true, uri: true },
        },
        pluginConfig: byPath(
          Object.fromEntries(
            Object.entries(FIELDS).map(([name, fields]) => [
              name,
              { from: [{ forwardedClientCert: fields }] },
            ]),
          ),
        ),
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    /** The header as the pod saw it, without the certificate itself, and the value behind the key of each path. */
    async function reading(
      who: Who | undefined,
      ...lines: string[]
    ): Promise<{ header: readonly string[]; values: Record<string, string | undefined> }> {
      let header: readonly string[] = []
      const values: Record<string, string | undefined> = {}
      for (const [path, fields] of Object.entries(FIELDS)) {
        const sent = lines.flatMap((line) => [XFCC, line])
        const answer = await rawRequest(gateway.port, sent, { path: `/${path}`, tls: as(who) })
        header = seen(answer, XFCC)
        // Read a second time, from what Envoy wrote, by what the documentation says.
        const value = forwardedValue(
          header.map((line) => [XFCC, line]),
          fields,
        )
        const label = `forwardedClientCert:${path === 'account' ? 'serviceAccount' : String(fields['field'])}`
        expect([path, seen(answer, KEY)]).toEqual([
          path,
          value === undefined || value === '' ? [] : [plainKey(textNode(label, value))],
        ])
        values[path] = value
      }
      return { header: header.map((line) => line.replace(/Cert="[^"]{100,}";/, '')), values }
    }

    const CLIENT = 'spiffe://cluster.local/ns/shop/sa/cart'
    const OWN = `By=${GATEWAY};Hash=${digestOf('cart')};Subject="CN=Cart \\"1\\"\\, Ltd,O=A=B\\;C\\\\";URI=${CLIENT};URI=https://second.example.com;DNS=cart.example.com;DNS=second.example.com`
    const OF_CLIENT = {
      by: GATEWAY,
      hash: digestOf('cart'),
      // The text that the source peer has.
      subject: 'CN=Cart \\"1\\"\\, Ltd,O=A=B\\;C\\\\',
      uri: CLIENT,
      dns: 'cart.example.com',
      account: 'cart',
    }
    const OF_FORGER = {
      by: 'spiffe://x',
      hash: '00',
      subject: '',
      uri: VICTIM,
      dns: undefined,
      account: 'victim',
    }
    const forger = { ...OF_FORGER, first: VICTIM, 'first-of-two': undefined, 'only-one': VICTIM }
    const nothing = Object.fromEntries(Object.keys(FIELDS).map((path) => [path, undefined]))

    const WITH_CERTIFICATE = {
      SANITIZE: { header: [], values: nothing },
      SANITIZE_SET: {
        header: [OWN],
        values: { ...OF_CLIENT, first: CLIENT, 'first-of-two': undefined, 'only-one': CLIENT },
      },
      APPEND_FORWARD: {
        header: [`${FORGED},${OWN}`],
        values: { ...OF_CLIENT, first: undefined, 'first-of-two': VICTIM, 'only-one': undefined },
      },
      FORWARD_ONLY: { header: [FORGED], values: forger },
      ALWAYS_FORWARD_ONLY: { header: [FORGED], values: forger },
    }

    test('with a certificate and a forged header', async () => {
      expect(await reading('cart', FORGED)).toEqual(WITH_CERTIFICATE[mode])
    })

    test('without a certificate, with a forged header', async () => {
      const passes = mode === 'ALWAYS_FORWARD_ONLY'
      expect(await reading(undefined, FORGED)).toEqual({
        header: passes ? [FORGED] : [],
        values: passes ? forger : nothing,
      })
    })

    if (mode === 'SANITIZE_SET') {
      test('a certificate whose names hold separators adds elements of its own, which hops refuses', async () => {
        const { values } = await reading('odd')
        expect(values).toMatchObject({
          uri: 'spiffe://victim/b',
          'only-one': undefined,
          first: undefined,
          'first-of-two': 'spiffe://cluster.local/ns/odd/sa/odd',
        })
      })

      test('a certificate without names has its digest only', async () => {
        const { header, values } = await reading('nameless')
        expect(header).toEqual([`By=${GATEWAY};Hash=${digestOf('nameless')};Subject="";URI=`])
        expect(values).toMatchObject({ hash: digestOf('nameless'), subject: '', uri: '', dns: undefined })
      })
    }

    if (mode === 'APPEND_FORWARD') {
      test('a header that the client left open is closed by nobody: nothing is yielded', async () => {
        for (const open of ['X="', 'URI=a;Subject="', 'URI=a,']) {
          expect((await reading('cart', open)).values).toEqual(nothing)
        }
      })

      test('over HTTP/2 as over HTTP/1', async () => {
        const answer = await http2Request(gateway.port, { [XFCC]: FORGED }, { path: '/uri', tls: as('cart') })
        expect(seen(answer, XFCC).map((line) => line.replace(/Cert="[^"]{100,}";/, ''))).toEqual([
          `${FORGED},${OWN}`,
        ])
        expect(seen(answer, KEY)).toEqual([plainKey(textNode('forwardedClientCert:uri', CLIENT))])
      })
    }

    if (mode === 'ALWAYS_FORWARD_ONLY') {
      test('several entries arrive as one, joined with a comma, but for empty ones', async () => {
        const { header, values } = await reading(undefined, 'URI=a', '', 'URI=b', '')
        expect(header).toEqual(['URI=a,URI=b'])
        expect(values).toMatchObject({ uri: 'b', 'first-of-two': 'a', first: undefined })
      })
    }
  })
})
