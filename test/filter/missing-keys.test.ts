import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Status, Vm } from '../../host/index.ts'
import { ENVIRONMENT } from '../config/compiler.ts'
import { mooringModule, startMooring, startPlugin } from './mooring.ts'

const GAUGE = 'wasm_filter.default.mooring_signing_keys_missing'
const K1 = { id: 'k1', env: 'MOORING_SIGNING_1' }
const K2 = { id: 'k2', env: 'MOORING_SIGNING_2' }

const signed = (...keys: object[]): object => ({ session: { signing: { keys, absoluteTimeout: '12h' } } })
const missing = (count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ id: `m${i}`, env: `M_${i}` }))

function vmWith(configuration: object): Vm {
  return startMooring(configuration, { environment: ENVIRONMENT }).vm
}

test('a gauge says how many signing keys have no secret', () => {
  expect(vmWith(signed(K1, K2)).metrics.gauge(GAUGE)).toBe(0n)
  expect(vmWith(signed(K1, ...missing(2))).metrics.gauge(GAUGE)).toBe(2n)
  expect(readFileSync('docs/metrics.md', 'utf8')).toContain(
    `| \`${GAUGE.replace('default', '<instance>')}\` |`,
  )
})

test('it is not there where nothing is signed', () => {
  expect(Object.keys(vmWith({ session: {} }).metrics.all())).not.toContain(GAUGE)
})

test('it follows the configuration, and is 0 once nothing is signed any more', () => {
  const { vm, plugin } = startMooring(signed(K1, ...missing(3)), { environment: ENVIRONMENT })
  const reload = (configuration: object): bigint => {
    plugin.replace({ configuration: JSON.stringify(configuration) })
    return vm.metrics.gauge(GAUGE)
  }
  expect(vm.metrics.gauge(GAUGE)).toBe(3n)
  expect(reload(signed(K1, ...missing(1)))).toBe(1n)
  expect(reload(signed(K1))).toBe(0n)
  expect(reload(signed(K1, ...missing(2)))).toBe(2n)
  expect(reload({ session: {} })).toBe(0n)
})

test('each instance has its own', () => {
  const { vm } = startMooring(signed(K1, ...missing(1)), { environment: ENVIRONMENT })
  startPlugin(vm, { ...signed(K2, ...missing(4)), observe: { instance: 'edge' } })
  expect(vm.metrics.gauge(GAUGE)).toBe(1n)
  expect(vm.metrics.gauge('wasm_filter.edge.mooring_signing_keys_missing')).toBe(4n)
})

test.each(['proxy_define_metric', 'proxy_record_metric'])(
  'a host that refuses %s still gets the filter',
  (hostcall) => {
    const vm = new Vm(mooringModule, { environment: ENVIRONMENT })
    vm.inject({ hostcall, status: Status.InternalFailure })
    expect(() => startPlugin(vm, signed(K1, ...missing(1)))).not.toThrow()
  },
)
