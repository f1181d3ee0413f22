import { ProxyWasmModule, Vm } from '../../host/index.ts'
import type { NetworkRecord } from './network-in-envoy.ts'
import type { NetworkScenario } from './network-scenario.ts'
import { PLUGIN } from './scenario.ts'

/** The record of the guest in the host. */
export function recordNetworkInHost(wasm: Uint8Array, scenario: NetworkScenario): NetworkRecord {
  const vm = new Vm(ProxyWasmModule.load(wasm), { vmId: PLUGIN.vmId })
  const plugin = vm.startPlugin({
    name: PLUGIN.name,
    rootId: PLUGIN.rootId,
    configuration: scenario.configuration ?? '',
    ...(scenario.failOpen === true ? { failurePolicy: 'FAIL_OPEN' } : {}),
  })
  const connection = plugin.openConnection({ properties: { connection: { mtls: false } } })
  connection.newConnection()
  const arrived: string[] = []
  const ended = new Set<string>()
  for (const step of scenario.steps) {
    if ('gone' in step) {
      connection.close(step.from === 'client' ? 'remote' : 'local')
      continue
    }
    const pass = (data: string, end: boolean) =>
      step.from === 'client'
        ? connection.downstreamData(data, { end })
        : connection.upstreamData(data, { end })
    if ('ends' in step) {
      pass('', true)
      ended.add(step.from)
      // The TCP proxy closes the client's connection when both sides have ended; a client that ends last has closed it.
      if (ended.size === 2) connection.close(step.from === 'client' ? 'remote' : 'local')
      continue
    }
    const { data } = pass(step.data, false)
    arrived.push([...connection.continued.splice(0), data].map(String).join(''))
  }
  if (connection.closedBy === undefined) throw new Error('the connection is still open')
  const lines = vm.logs.entries.filter(({ from }) => from === 'guest').map(({ message }) => message)
  return { lines, arrived }
}
