import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Bootstrap, EnvoyProcess } from '../../tools/envoy-process.ts'
import { until } from '../envoy/until.ts'
import type { NetworkScenario } from './network-scenario.ts'
import { PLUGIN } from './scenario.ts'
import { wasmLogLines } from './wasm-log.ts'

const TYPE = 'type.googleapis.com/envoy.extensions.filters.network'
const STRING = 'type.googleapis.com/google.protobuf.StringValue'

/** What the network guest has logged on one connection, which is closed at the end, and what has arrived step by step. */
export interface NetworkRecord {
  readonly lines: readonly string[]
  readonly arrived: readonly string[]
}

/** The record of the guest in a real Envoy, in front of its TCP proxy. */
export async function recordNetworkInEnvoy(
  binary: string,
  wasm: Uint8Array,
  scenario: NetworkScenario,
): Promise<NetworkRecord> {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-network-'))
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const file = join(directory, 'guest.wasm')
    writeFileSync(file, wasm)
    await using envoy = await EnvoyProcess.start({
      binary,
      bootstrap: bootstrap(file, scenario, (server.address() as AddressInfo).port),
      logLevel: 'warning',
      componentLogLevel: 'wasm:info',
    })
    const arrived = await play(scenario, await envoy.port('ingress'), server, () => wasmLogLines(envoy.log))
    return { lines: wasmLogLines(envoy.log), arrived }
  } finally {
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

type Server = ReturnType<typeof createServer>

async function play(
  { steps }: NetworkScenario,
  port: number,
  server: Server,
  lines: () => readonly string[],
): Promise<string[]> {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = new Side(connect({ host: '127.0.0.1', port, allowHalfOpen: true }))
  await once(client.socket, 'connect')
  let upstream: Side | undefined
  const called = (what: RegExp): number => lines().filter((line) => what.test(line)).length
  const arrived: string[] = []
  for (const step of steps) {
    // A connection upstream is made with the first bytes that reach the TCP proxy, or before any.
    if (step.from === 'server') upstream ??= new Side((await accepted)[0])
    const [from, to] = step.from === 'client' ? [client, () => upstream] : [upstream, () => client]
    if (from === undefined) throw new Error('a step of a server that nobody has reached')
    if ('gone' in step) {
      from.socket.resetAndDestroy()
      continue
    }
    const stream = step.from === 'client' ? 'downstream' : 'upstream'
    const data = new RegExp(`^${stream} data \\| called`)
    const before = called(data)
    if ('ends' in step) from.socket.end()
    else from.socket.write(step.data)
    await until(`${stream} data`, () => called(data) > before)
    if ('ends' in step) continue
    if (step.arrives !== '') {
      if (step.from === 'client') upstream ??= new Side((await accepted)[0])
      await until(step.arrives, () => to()?.received === step.arrives)
    }
    arrived.push(to()?.take() ?? '')
  }
  await until('the end of the connection', () => client.isClosed)
  // A VM that has failed is told nothing more.
  const failed = steps.some((step) => 'data' in step && step.data === 'trap')
  await until('the end of the context', () => failed || called(/^delete \| called/) > 0)
  client.socket.destroy()
  upstream?.socket.destroy()
  return arrived
}

/** One end of a connection, and what it has received. */
class Side {
  readonly socket: Socket
  isClosed = false
  received = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    for (const event of ['end', 'close']) socket.on(event, () => (this.isClosed = true))
    socket.on('data', (bytes) => (this.received += bytes.toString('latin1')))
  }

  take(): string {
    const { received } = this
    this.received = ''
    return received
  }
}

function bootstrap(file: string, scenario: NetworkScenario, upstream: number): Bootstrap {
  const { configuration = '', failOpen } = scenario
  const wasm = {
    name: PLUGIN.name,
    root_id: PLUGIN.rootId,
    vm_config: {
      vm_id: PLUGIN.vmId,
      runtime: 'envoy.wasm.runtime.v8',
      code: { local: { filename: file } },
    },
    configuration: { '@type': STRING, value: configuration },
    failure_policy: failOpen === true ? 'FAIL_OPEN' : 'FAIL_CLOSED',
  }
  const proxy = { '@type': `${TYPE}.tcp_proxy.v3.TcpProxy`, stat_prefix: 'tcp', cluster: 'app' }
  const address = (port: number): unknown => ({ socket_address: { address: '127.0.0.1', port_value: port } })
  return {
    node: { id: 'probe', cluster: 'probe' },
    admin: { address: address(0) },
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: address(0),
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.wasm',
                  typed_config: { '@type': `${TYPE}.wasm.v3.Wasm`, config: wasm },
                },
                { name: 'envoy.filters.network.tcp_proxy', typed_config: proxy },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'app',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'app',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(upstream) } }] }],
          },
        },
      ],
    },
  }
}
