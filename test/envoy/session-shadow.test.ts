/** Shadow: not a byte is other than without the filter, and what would have been done is counted. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap, INGRESS_LISTENER } from '../../demo/envoy-bootstrap.ts'
import { readMesh, withPluginConfig } from '../../demo/mesh.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { ENVIRONMENT, K2, STRANGER } from '../session/keys.ts'
import { inEnvoy } from './in-envoy.ts'
import { exchange } from './over-socket.ts'
import { ABSOLUTE, IDLE, MINUTE, countersAt, signing, tokenAged } from './signed.ts'

const REQUESTS: readonly (readonly [what: string, lines: () => readonly string[]])[] = [
  ['no cookie', () => []],
  ['a sound token', () => [`cookie: a=1; ISTIOID=${tokenAged()}; b=2`]],
  ['one that is due', () => [`cookie: ISTIOID=${tokenAged({ issued: IDLE / 2 + MINUTE })}`]],
  ['an expired one', () => [`cookie: ISTIOID=${tokenAged({ born: ABSOLUTE + 2 * MINUTE })}`]],
  ['a forged one', () => [`cookie: ISTIOID=${tokenAged({ key: { ...STRANGER, kid: 'k2' } })}`]],
  ['one of an unknown key', () => [`cookie: ISTIOID=${tokenAged({ key: STRANGER })}`]],
  ['no token', () => ['cookie:  ISTIOID="x" ;;a']],
  ['an adopted cookie', () => ['cookie: OLDSESSION=legacy-value']],
  [
    'several lines and key headers',
    () => ['Cookie: a=1', 'COOKIE: ISTIOID=x', 'X-Mooring-Key: mine', 'x-mooring-key: too'],
  ],
  ['key headers alone', () => ['X-Mooring-Key: mine']],
]
const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/plain',
  'Set-Cookie: app=1',
  'Cache-Control: max-age=60',
  'Date: Thu, 01 Jan 2026 00:00:00 GMT',
  'Content-Length: 2',
  '',
  'ok',
].join('\r\n')

/** A pod that keeps the bytes of every request, and answers each with the same ones. */
class RawPod {
  readonly #server: Server
  readonly received: string[] = []

  private constructor() {
    this.#server = createServer((socket) => {
      let text = ''
      socket.setEncoding('latin1').on('data', (piece: string) => {
        text += piece
        if (!text.endsWith('\r\n\r\n')) return
        this.received.push(text)
        text = ''
        socket.write(RESPONSE)
      })
    })
  }

  static async start(): Promise<RawPod> {
    const pod = new RawPod()
    pod.#server.listen(0, '127.0.0.1')
    await once(pod.#server, 'listening')
    return pod
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    this.#server.close()
  }
}

interface Side {
  readonly pod: RawPod
  readonly envoy: EnvoyProcess
  readonly port: number
}

/** One pod and one Envoy; without `pluginConfig` no filter. */
async function startSide(binary: string, pluginConfig?: object): Promise<Side> {
  const pod = await RawPod.start()
  const mesh = readMesh({
    destinationRule: 'destination-rules/http-header-name.yaml',
    filter: pluginConfig !== undefined,
  })
  const bootstrap = envoyBootstrap(
    pluginConfig === undefined ? mesh : withPluginConfig(mesh, pluginConfig, ENVIRONMENT),
    {
      wasm: BUILT_FILTER,
      replicas: [pod.port],
      // Each request would get another id.
      connectionManager: { generate_request_id: false },
    },
  )
  const envoy = await EnvoyProcess.start({ binary, bootstrap })
  return { pod, envoy, port: await envoy.port(INGRESS_LISTENER) }
}

inEnvoy(({ binary }) => {
  describe('in shadow', () => {
    let shadow: Side
    let without: Side

    beforeAll(async () => {
      shadow = await startSide(binary, {
        mode: 'shadow',
        session: {
          signing: signing(K2),
          onInvalid: 'reject',
          hideFromUpstream: true,
          adopt: [{ cookie: 'OLDSESSION', delete: true }],
        },
        key: { hashSecret: { env: 'MOORING_HASH_SECRET' }, onNone: 'reject' },
      })
      without = await startSide(binary)
    })

    afterAll(async () => {
      for (const { envoy, pod } of [shadow, without]) {
        await envoy.stop()
        pod.stop()
      }
    })

    test.each(REQUESTS)(
      'a request with %s and its answer are what they are without the filter',
      async (_, lines) => {
        const bytes = Buffer.from(
          ['GET /a?b=%20 HTTP/1.1', 'Host: test.com', ...lines(), 'Connection: close', '', ''].join('\r\n'),
        )
        const passed = await Promise.all(
          [shadow, without].map(async ({ port, pod }) => {
            const answer = await exchange(port, bytes)
            // How long the pod took is all that may differ.
            const timeless = answer.replace(/(?<=x-envoy-upstream-service-time: )\d+/, '0')
            return { answer: timeless, request: pod.received.splice(0) }
          }),
        )
        expect(passed[0]).toEqual(passed[1])
        expect(passed[0]?.request).toHaveLength(1)
        expect(passed[0]?.answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      },
    )

    test('what would have been done is counted', async () => {
      expect(await countersAt(shadow.envoy, REQUESTS.length)).toEqual({
        requests: 10,
        requests_shadowed: 10,
        session_minted: 2,
        session_valid: 1,
        session_renewed: 1,
        session_replaced: 3,
        session_expired_absolute: 1,
        session_forged: 1,
        session_rejected: 1,
        session_unknown_key: 1,
        session_none: 1,
        session_adopted: 1,
        key_session: 8,
        key_none: 2,
        key_rejected: 2,
        source_absent: 2,
      })
    })
  })
})
