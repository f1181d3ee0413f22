import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Status, Vm } from '../../host/index.ts'
import { mooringModule, pass, requestValues, startMooring, startPlugin } from './mooring.ts'

test('docs/metrics.md names every counter that the filter defines, and no other', () => {
  const { vm } = startMooring({ session: {} })
  const defined = Object.keys(vm.metrics.all()).map((name) =>
    name.replace('wasm_filter.default.mooring_', ''),
  )
  const rows = readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| (`[a-z_]+`(?: `[a-z_]+`)*) \| /gm)
  const documented = [...rows].flatMap(([, names]) => (names ?? '').replaceAll('`', '').split(' '))
  expect(defined.sort()).toEqual(documented.sort())
})

test('counters go to the host once a second, and cost a request no call', () => {
  const { vm, plugin } = startMooring({ session: {} })
  pass(plugin, [['cookie', 'ISTIOID=abc']]).stream.end()
  const name = 'wasm_filter.default.mooring_session_valid'
  vm.advance(999)
  expect(vm.metrics.counter(name)).toBe(0n)
  vm.advance(1)
  expect(vm.metrics.counter(name)).toBe(1n)
})

test('observe.instance is part of every name, so that plugins are told apart', () => {
  const { vm, plugin } = startMooring({ session: {}, observe: { instance: 'edge' } })
  const other = startPlugin(vm, { session: {}, observe: { instance: 'mesh' } })
  pass(plugin).stream.end()
  pass(plugin).stream.end()
  pass(other).stream.end()
  vm.advance(1000)
  expect(vm.metrics.counter('wasm_filter.edge.mooring_requests')).toBe(2n)
  expect(vm.metrics.counter('wasm_filter.mesh.mooring_requests')).toBe(1n)
})

test('plugins of one instance share its counters', () => {
  const { vm, plugin } = startMooring({ session: {} })
  const other = startPlugin(vm, { session: {} })
  pass(plugin).stream.end()
  pass(other).stream.end()
  vm.advance(1000)
  expect(vm.metrics.counter('wasm_filter.default.mooring_requests')).toBe(2n)
})

test('what was counted before a configuration is replaced is not lost', () => {
  const { vm, plugin } = startMooring({ session: {} })
  pass(plugin).stream.end()
  plugin.replace({ configuration: '{"session":{},"observe":{"instance":"new"}}' })
  expect(vm.metrics.counter('wasm_filter.default.mooring_requests')).toBe(1n)
})

test('what the host refuses to take is handed over later', () => {
  const { vm, plugin } = startMooring({ session: {} })
  pass(plugin).stream.end()
  vm.inject({ hostcall: 'proxy_increment_metric', status: Status.InternalFailure })
  vm.advance(1000)
  expect(vm.metrics.counter('wasm_filter.default.mooring_requests')).toBe(0n)
  vm.clearFaults()
  vm.advance(1000)
  expect(vm.metrics.counter('wasm_filter.default.mooring_requests')).toBe(1n)
})

test('a host that refuses metrics still gets the filter', () => {
  const vm = new Vm(mooringModule)
  vm.inject({ hostcall: 'proxy_define_metric', status: Status.InternalFailure })
  const plugin = startPlugin(vm, { session: {} })
  const passed = pass(plugin)
  expect(requestValues(passed, 'x-mooring-key')).toHaveLength(1)
  passed.stream.end()
  vm.advance(1000)
  expect(vm.metrics.all()).toEqual({})
})
