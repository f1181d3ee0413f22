/** `mooring probe` at real Envoys: what it says where all is well, and the cause where something is not. */
import { expect, test } from 'vitest'
import { POD_NAMES, Replicas, type Responder } from '../../demo/replica.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { mooring } from '../cli/mooring.ts'
import { startGateway, type GatewayOptions } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'

interface Report {
  readonly sessions: number
  readonly stuck: number
  readonly movedAfterFirst: number
  readonly moved: number
  readonly share: number
  readonly paths: readonly { readonly path: string; readonly share: number; readonly pods: number }[]
  readonly pods: readonly { readonly pod: string; readonly sessions: number }[]
  readonly causes: readonly { readonly code: string; readonly sessions: number }[]
  readonly notes: readonly { readonly code: string }[]
}

/** Each pod names itself, and may do more. */
const named =
  (more: Responder = () => false): Responder =>
  (request, response, echo) => {
    response.setHeader('x-pod', echo.pod)
    return more(request, response, echo)
  }

/** The application sets its own cookie on each answer. */
const setting = (cookie: () => string): Responder =>
  named((_request, response) => {
    response.setHeader('set-cookie', cookie())
    return false
  })

let made = 0
const another = () => `ISTIOID=made-${(made += 1)}`

async function probe(port: number, ...args: readonly string[]) {
  const { status, stdout, stderr } = await mooring(
    ...['probe', `http://127.0.0.1:${port}/`, '--host', 'test.com', '--format', 'json', ...args],
  )
  return { status, stderr, report: stdout === '' ? undefined : (JSON.parse(stdout) as Report) }
}

inEnvoy(({ binary }) => {
  const gateway = (options: Omit<GatewayOptions, 'binary'> = {}) =>
    startGateway({ binary, respond: named(), ...options })

  test('with Mooring every session sticks from its first request on, on every path', async () => {
    await using running = await gateway({ concurrency: 2 })
    const { status, report } = await probe(running.port, '/cart', '/api/items?page=2', '--sessions', '60')
    expect(status).toBe(0)
    expect(report).toMatchObject({ sessions: 60, stuck: 60, share: 1, causes: [], notes: [] })
    expect(report?.paths).toMatchObject(
      ['/', '/cart', '/api/items?page=2'].map((path) => ({ path, share: 1, pods: 3, stuck: 60 })),
    )
    expect(report?.pods.map(({ pod }) => pod).sort()).toEqual([...POD_NAMES].sort())
    expect(report?.pods.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(60)
  })

  /** Sessions that move for one reason. */
  const CASES: readonly (readonly [
    cause: string,
    options: Omit<GatewayOptions, 'binary'>,
    args: readonly string[],
  ])[] = [
    ['cookie_missing', { filter: false }, []],
    ['cookie_missing', { pluginConfig: { session: { cookie: { domain: 'example.com' } } } }, []],
    ['cookie_twice', { respond: setting(another) }, []],
    [
      'cookie_changes',
      {
        filter: false,
        destinationRule: 'destination-rules/http-cookie-without-ttl.yaml',
        respond: setting(another),
      },
      [],
    ],
    ['cookie_missing', { pluginConfig: { session: { cookie: { secure: true } } } }, []],
    ['cookie_secure', { filter: false, respond: setting(() => `${another()}; Secure`) }, []],
    ['cookie_path', { pluginConfig: { session: { cookie: { path: '/cart' } } } }, ['/cart', '/cart/items']],
    ['cookie_path', { pluginConfig: { session: { cookie: { path: '/cart' } } } }, []],
    ['cookie_refused', { filter: false, respond: setting(() => `${another()}; Domain=other.example`) }, []],
    ['cookie_not_kept', { filter: false, respond: setting(() => `${another()}; Max-Age=0`) }, []],
    ['not_hashed', { pluginConfig: { session: {}, key: { header: 'x-other-key' } } }, []],
  ]

  test.each(CASES)('%s: %j %j', async (cause, options, args) => {
    await using running = await gateway(options)
    const { status, report } = await probe(running.port, ...args, '--sessions', '40')
    expect(status).toBe(1)
    expect(report?.share).toBeLessThan(0.2)
    expect(report?.causes.map(({ code }) => code)).toEqual([cause])
    expect(report?.notes).toEqual([])
  })

  test('first_request: the application mints, and the DestinationRule hashes its cookie', async () => {
    await using running = await gateway({
      filter: false,
      destinationRule: 'destination-rules/http-cookie-without-ttl.yaml',
      respond: named((request, response) => {
        if (request.headers.cookie === undefined) response.setHeader('set-cookie', another())
        return false
      }),
    })
    const { status, report } = await probe(running.port, '--sessions', '60')
    expect(status).toBe(1)
    expect(report?.moved).toBe(0)
    expect(report?.movedAfterFirst).toBeGreaterThan(10)
    expect(report?.causes).toMatchObject([{ code: 'first_request', sessions: report?.movedAfterFirst }])
  })

  test('where Mooring mints it, the application finds it on the first request and sets none', async () => {
    await using running = await gateway({
      pluginConfig: { session: { cookie: { name: 'APP' } } },
      respond: named((request, response) => {
        if (request.headers.cookie?.includes('APP=') !== true) response.setHeader('set-cookie', 'APP=x')
        return false
      }),
    })
    const { status, report } = await probe(running.port, '--cookie', 'APP', '--sessions', '20')
    expect({ status, share: report?.share }).toEqual({ status: 0, share: 1 })
  })

  test('one_pod: useSourceIp knows all of them by one address', async () => {
    await using running = await gateway({ destinationRule: 'destination-rules/use-source-ip.yaml' })
    const { status, report } = await probe(running.port, '--sessions', '20')
    expect(status).toBe(0)
    expect(report?.notes.map(({ code }) => code)).toEqual(['one_pod'])
  })

  test("shared_cookie: behind one connection Envoy's own cookie is one for all", async () => {
    await using running = await gateway({ filter: false, destinationRule: 'seed/destination-rule.yaml' })
    const { report } = await probe(running.port, '--sessions', '20', '--one-connection')
    expect(report?.notes.map(({ code }) => code)).toEqual(['one_pod', 'shared_cookie', 'envoy_cookie'])
    await using moored = await gateway({ destinationRule: 'seed/destination-rule.yaml' })
    const again = await probe(moored.port, '--sessions', '20', '--one-connection')
    expect(again.report).toMatchObject({ share: 1, notes: [] })
    expect(again.report?.pods).toHaveLength(3)
  })

  test('per_connection: a TCP route', async () => {
    await using replicas = await Replicas.start(POD_NAMES, named())
    await using envoy = await EnvoyProcess.start({ binary, bootstrap: tcpRoute(replicas.ports) })
    const { status, report } = await probe(await envoy.port('tcp'), '--sessions', '40')
    expect(status).toBe(1)
    expect(report?.causes).toEqual([
      expect.objectContaining({ code: 'per_connection', sessions: report?.moved }),
    ])
  })

  test('--min-share is what the exit code goes by', async () => {
    await using running = await gateway({ filter: false })
    expect((await probe(running.port, '--sessions', '10', '--min-share', '0')).status).toBe(0)
  })

  test('without the header nobody can say anything, but how to add it', async () => {
    await using running = await startGateway({ binary })
    expect(
      await mooring('probe', `http://127.0.0.1:${running.port}`, '--host', 'test.com', '--sessions', '3'),
    ).toEqual({
      status: 2,
      stdout: '',
      stderr:
        `mooring: http://127.0.0.1:${running.port}: no answer has a header x-pod, so nobody can say which pod it came from. ` +
        'Name the right one with --pod-header, or add one: kubectl apply -f manifests/virtual-services/pod-header.yaml; docs/probe.md\n',
    })
  })
})

/** Bytes to the pods, in turn: what a Service's port without a protocol gets. */
function tcpRoute(ports: readonly number[]) {
  const at = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })
  return {
    admin: { address: at(0) },
    static_resources: {
      listeners: [
        {
          name: 'tcp',
          address: at(0),
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.tcp_proxy',
                  typed_config: {
                    '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
                    stat_prefix: 'tcp',
                    cluster: 'pods',
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'pods',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'pods',
            endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: at(port) } })) }],
          },
        },
      ],
    },
  }
}
