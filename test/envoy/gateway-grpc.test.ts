/** gRPC callouts of a filter do in the embedded gateway what they do in an Envoy. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Gateway } from '../../host/gateway/index.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { type GrpcRecord, recordCallout } from '../conformance/grpc-record.ts'
import { GRPC_CALLOUTS, type GrpcServers, startGrpcServers } from '../conformance/grpc-scenario.ts'
import { compileGuest } from '../conformance/guest.ts'
import { wasmLogLines } from '../conformance/wasm-log.ts'
import { inEnvoysWords } from './gateway-in-envoys-words.ts'
import { inEnvoy } from './in-envoy.ts'

const module = await compileGuest('grpc')

/** Envoy 1.36.4 tells filters the operating system's reason, too. */
function withoutReason(record: GrpcRecord): GrpcRecord {
  const reason = ', transport failure reason: delayed connect error: Connection refused'
  return { ...record, lines: record.lines.map((line) => line.replace(reason, '')) }
}

inEnvoy(({ binary, version }) => {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-grpc-'))
  const inGateway: string[] = []
  let servers: GrpcServers
  let gateway: Gateway
  let envoy: EnvoyProcess
  let ingress: string
  beforeAll(async () => {
    servers = await startGrpcServers()
    gateway = await Gateway.start({
      ...servers.config,
      filters: [{ name: 'grpc', module }],
      log: ({ message }) => inGateway.push(message),
    })
    const file = join(directory, 'guest.wasm')
    writeFileSync(file, module)
    const config = {
      name: 'grpc',
      vm_config: { runtime: 'envoy.wasm.runtime.v8', code: { local: { filename: file } } },
    }
    const type = 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'
    envoy = await EnvoyProcess.start({
      binary,
      bootstrap: inEnvoysWords(servers.config, [{ name: 'wasm', typed_config: { '@type': type, config } }]),
      componentLogLevel: 'wasm:info',
    })
    ingress = `http://127.0.0.1:${await envoy.port('ingress')}`
  })
  afterAll(async () => {
    await envoy.stop()
    await gateway.close()
    await servers[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  })

  // In this order: each callout has a token of its own, which counts up.
  test.each(GRPC_CALLOUTS)('a gRPC callout in the gateway is as in this Envoy: %s', async (callout) => {
    const here = await recordCallout(ingress, callout, servers, () => wasmLogLines(envoy.log))
    const there = await recordCallout(gateway.url, callout, servers, () => inGateway)
    expect(there).toEqual(version === '1.36.4' ? withoutReason(here) : here)
    expect(here.status).toBe(200)
  })
})
