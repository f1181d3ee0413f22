import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Bootstrap, EnvoyProcess } from '../../tools/envoy-process.ts'
import { type Callees, startCallees } from './callees.ts'
import {
  CLUSTER,
  ENVIRONMENT,
  NODE_METADATA,
  PLUGIN,
  REDIRECT,
  REQUESTS,
  STREAMS,
  UPSTREAM,
} from './scenario.ts'
import { wasmLogLines } from './wasm-log.ts'

const HTTP = 'type.googleapis.com/envoy.extensions.filters.http'
const MANAGER =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const STRING = 'type.googleapis.com/google.protobuf.StringValue'

/** The record of the guest in a real Envoy, line by line. */
export async function recordInEnvoy(binary: string, wasm: Uint8Array): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-conformance-'))
  const upstream = await startUpstream()
  const callees = await startCallees()
  try {
    const file = join(directory, 'guest.wasm')
    writeFileSync(file, wasm)
    const { port } = upstream.address() as AddressInfo
    await using envoy = await EnvoyProcess.start({
      binary,
      bootstrap: bootstrap(file, port, callees),
      logLevel: 'warning',
      componentLogLevel: 'wasm:info',
    })
    const ingress = await envoy.port('ingress')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const each of REQUESTS) await send(ingress, each, each.keepsConnection === true ? agent : false)
    agent.destroy()
    await untilDeleted(envoy)
    return wasmLogLines(envoy.log)
  } finally {
    upstream.close()
    callees.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function startUpstream(): Promise<Server> {
  const server = createServer((incoming, answer) => {
    incoming.resume().on('end', () => {
      answer.sendDate = false
      if (incoming.url === REDIRECT.from) {
        answer.writeHead(302, ['location', `http://test.com${REDIRECT.to}`])
        answer.end()
        return
      }
      answer.writeHead(200, UPSTREAM.headers.flat())
      answer.end(UPSTREAM.body)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return server
}

async function send(
  port: number,
  { method, path, headers, body }: (typeof REQUESTS)[number],
  agent: Agent | false,
): Promise<void> {
  await new Promise<void>((answered, reject) => {
    const lines = ['host', 'test.com', ...headers.flat()]
    request({ host: '127.0.0.1', port, method, path, headers: lines, agent }, (response) => {
      response.resume().on('end', answered)
    })
      .on('error', reject)
      .end(body)
  })
}

/** The last stream is deleted after its answer: waits until Envoy has logged that. */
async function untilDeleted(envoy: EnvoyProcess): Promise<void> {
  const deadline = Date.now() + 10_000
  while (envoy.log.split('delete | called').length <= STREAMS.length) {
    if (Date.now() > deadline) throw new Error(`streams were not deleted:\n${envoy.log.slice(-2000)}`)
    await sleep(20)
  }
  await sleep(100)
}

function bootstrap(file: string, upstream: number, callees: Callees): Bootstrap {
  const wasm = {
    name: PLUGIN.name,
    root_id: PLUGIN.rootId,
    vm_config: {
      vm_id: PLUGIN.vmId,
      runtime: 'envoy.wasm.runtime.v8',
      code: { local: { filename: file } },
      configuration: { '@type': STRING, value: PLUGIN.vmConfiguration },
      environment_variables: { key_values: ENVIRONMENT },
    },
    configuration: { '@type': STRING, value: PLUGIN.configuration },
  }
  const manager = {
    '@type': MANAGER,
    stat_prefix: 'ingress',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: CLUSTER, internal_redirect_policy: {} } }],
        },
      ],
    },
    http_filters: [
      { name: 'probe', typed_config: { '@type': `${HTTP}.wasm.v3.Wasm`, config: wasm } },
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${HTTP}.router.v3.Router` } },
    ],
  }
  return {
    node: { id: 'probe', cluster: 'probe', metadata: NODE_METADATA },
    admin: { address: address(0) },
    static_resources: {
      listeners: [
        {
          name: 'ingress',
          address: address(0),
          filter_chains: [
            { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        cluster(CLUSTER, upstream, {}),
        cluster('callee', callees.http, {
          explicit_http_config: { http_protocol_options: { enable_trailers: true } },
        }),
        cluster('closed', CLOSED_PORT, {}),
        cluster('grpc', callees.grpc, { explicit_http_config: { http2_protocol_options: {} } }),
      ],
    },
  }
}

/** Nothing listens there: it is for privileged processes, and long forgotten. */
const CLOSED_PORT = 1

function address(port: number): unknown {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

function cluster(name: string, port: number, protocol: Readonly<Record<string, unknown>>): unknown {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  return {
    name,
    type: 'STATIC',
    ...('explicit_http_config' in protocol
      ? {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': `type.googleapis.com/${options}`,
              ...protocol,
            },
          },
        }
      : {}),
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
    },
  }
}
