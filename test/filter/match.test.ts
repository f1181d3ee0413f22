/** Rules by header, by the service that the route picks, and by the proxy's namespace. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, type PropertyTree, type PropertyValue, Status, Vm } from '../../host/index.ts'
import { LeanHost, requestOf } from './lean-host.ts'
import {
  counter,
  logText,
  mooringModule,
  pass,
  proxyIn,
  requestValues,
  routedTo,
  startMooring,
  startPlugin,
} from './mooring.ts'

/** One rule: the key on the request tells whether it applied. */
function ruleOf(match: object): object {
  return {
    key: { from: [{ constant: 'top' }], format: 'raw' },
    rules: [{ name: 'r', match, key: { from: [{ constant: 'rule' }] } }],
  }
}

function chosen(match: object, headers: HeaderList, properties: PropertyTree = {}): readonly string[] {
  const { plugin } = startMooring(ruleOf(match))
  const passed = pass(plugin, headers, properties)
  passed.stream.end()
  return requestValues(passed, 'x-mooring-key')
}

const BETA = 'x-beta'

describe('a rule by header', () => {
  const exact = { name: BETA, exact: 'v2' }
  const prefix = { name: BETA, prefix: 'v2.' }
  const there = { name: BETA, present: true }
  const notThere = { name: BETA, present: false }

  test.each<[string, object[], HeaderList, boolean]>([
    ['matches its value', [exact], [[BETA, 'v2']], true],
    ['whatever the case of the name', [{ name: 'X-Beta', exact: 'v2' }], [[BETA, 'v2']], true],
    ['not in another case', [exact], [[BETA, 'V2']], false],
    ['no longer value', [exact], [[BETA, 'v2 ']], false],
    ['no shorter value', [exact], [[BETA, 'v']], false],
    ['nothing where there is none', [exact], [], false],
    ['no other header of that length', [exact], [['x-alfa', 'v2']], false],
    ['byte for byte', [{ name: BETA, exact: 'ü' }], [[BETA, '\xc3\xbc']], true],
    ['a prefix', [prefix], [[BETA, 'v2.1']], true],
    ['a prefix that is all', [prefix], [[BETA, 'v2.']], true],
    ['no part of a prefix', [prefix], [[BETA, 'v2']], false],
    ['the longer of two prefixes', [{ name: BETA, prefix: 'v' }, prefix], [[BETA, 'v2.1']], true],
    ['a header that is there', [there], [[BETA, 'x']], true],
    ['a header that is there and empty', [there], [[BETA, '']], true],
    ['a header that is not there', [notThere], [], true],
    ['no absent header where it is there', [notThere], [[BETA, '']], false],
    ['one of several conditions on a name', [exact, prefix], [[BETA, 'v2.1']], true],
    [
      'all names',
      [exact, { name: 'x-b', present: true }],
      [
        [BETA, 'v2'],
        ['x-b', ''],
      ],
      true,
    ],
    ['not some of its names', [exact, { name: 'x-b', present: true }], [[BETA, 'v2']], false],
  ])('%s', (_, headers, sent, matches) => {
    expect(chosen({ headers }, sent)).toEqual([matches ? 'rule' : 'top'])
  })

  test('is met by no value of a header that comes twice, whichever comes first', () => {
    const twice: HeaderList[] = [
      [
        [BETA, 'v2'],
        [BETA, 'x'],
      ],
      [
        [BETA, 'x'],
        [BETA, 'v2'],
      ],
      [
        [BETA, 'v2'],
        [BETA, 'v2'],
      ],
      [
        [BETA, 'v2'],
        [BETA, ''],
      ],
    ]
    for (const headers of twice) {
      expect(chosen({ headers: [exact, { name: BETA, prefix: 'v' }] }, headers)).toEqual(['top'])
      expect(chosen({ headers: [there] }, headers)).toEqual(['rule'])
      expect(chosen({ headers: [notThere] }, headers)).toEqual(['top'])
    }
  })
})

describe('a rule by service', () => {
  const CART = 'cart.shop.svc.cluster.local'

  test.each<[string, string, PropertyValue, boolean]>([
    ['matches what the route picks', CART, `outbound|8080||${CART}`, true],
    ['a subset of it', CART, `outbound|8080|v1|${CART}`, true],
    ['it at a waypoint', CART, `inbound-vip|8080|http|${CART}`, true],
    ['whatever its case', CART, `outbound|8080||${CART.toUpperCase()}`, true],
    ['no other', CART, 'outbound|8080||pay.shop.svc.cluster.local', false],
    ['those of a namespace', '*.shop.svc.cluster.local', `outbound|80||${CART}`, true],
    ['not those of another', '*.shop.svc.cluster.local', 'outbound|80||cart.pay.svc.cluster.local', false],
    ['a cluster that is no service of Istio', 'my_backend', 'my_backend', true],
    ['any service', '*', 'PassthroughCluster', true],
    ['none where a sidecar has what comes in', '*', 'inbound|8080||', false],
    ['none where the name is empty', '*', '', false],
  ])('%s', (_, service, cluster, matches) => {
    expect(chosen({ services: [service] }, [], routedTo(cluster))).toEqual([matches ? 'rule' : 'top'])
  })

  test('matches nothing where there is no route, and that is no refusal', () => {
    const mooring = startMooring(ruleOf({ services: ['*'] }))
    const passed = pass(mooring.plugin)
    passed.stream.end()
    expect(requestValues(passed, 'x-mooring-key')).toEqual(['top'])
    expect(counter(mooring, 'match_unreadable')).toBe(0n)
  })
})

describe('a rule by namespace', () => {
  const match = { namespaces: ['shop', 'edge'] }

  function inProxy(properties: PropertyTree): { keys: readonly string[]; unreadable: bigint; log: string } {
    const vm = new Vm(mooringModule)
    const plugin = startPlugin(vm, ruleOf(match), properties)
    const passed = pass(plugin)
    passed.stream.end()
    const unreadable = counter({ vm, plugin }, 'match_unreadable')
    return { keys: requestValues(passed, 'x-mooring-key'), unreadable, log: logText(vm) }
  }

  test.each([
    ['shop', 'rule'],
    ['edge', 'rule'],
    ['shop2', 'top'],
    ['SHOP', 'top'],
  ])('in %s gives the %s', (namespace, key) => {
    expect(inProxy(proxyIn(namespace))).toEqual({ keys: [key], unreadable: 0n, log: '' })
  })

  test('never matches in a proxy without one, and a warning says so', () => {
    const log =
      'no_namespace at /rules/0/match/namespaces: this proxy names no namespace, so the rule never matches'
    expect(inProxy({})).toEqual({ keys: ['top'], unreadable: 0n, log })
    expect(inProxy(proxyIn(''))).toEqual({ keys: ['top'], unreadable: 0n, log })
  })

  test('gives the top level to every request of a proxy that does not show it', () => {
    expect(inProxy(proxyIn(null))).toEqual({ keys: ['top'], unreadable: 1n, log: '' })
  })
})

describe('a condition that cannot be read gives the top level, never a rule', () => {
  const skipped = (match: object): object => ({
    ...ruleOf(match),
    rules: [{ name: 'static', match, skip: true }],
  })

  test.each<[string, object, string, HeaderList, PropertyTree]>([
    ['headers', { headers: [{ name: BETA, present: false }] }, 'proxy_get_header_map_pairs', [], {}],
    ['the service', { services: ['*'] }, 'proxy_get_property', [], routedTo('a')],
  ])('%s', (_, match, hostcall, headers, properties) => {
    for (const status of [Status.InternalFailure, Status.SerializationFailure, Status.BadArgument]) {
      const mooring = startMooring(skipped(match))
      mooring.vm.inject({ hostcall, status })
      const passed = pass(mooring.plugin, headers, properties)
      expect(requestValues(passed, 'x-mooring-key')).toEqual(['top'])
      passed.stream.end()
      expect(counter(mooring, 'match_unreadable')).toBe(1n)
    }
  })

  test('a cluster that is no text', () => {
    const mooring = startMooring(skipped({ services: ['*'] }))
    const passed = pass(mooring.plugin, [], routedTo(null))
    expect(requestValues(passed, 'x-mooring-key')).toEqual(['top'])
    expect(counter(mooring, 'match_unreadable')).toBe(1n)
  })

  test('headers that come damaged', () => {
    const host = new LeanHost(
      JSON.stringify({
        key: { from: [{ constant: 'top' }] },
        rules: [{ name: 'static', match: { headers: [{ name: BETA, present: false }] }, skip: true }],
      }),
    )
    const sound = requestOf([
      [':method', 'GET'],
      ['x-a', '1'],
    ])
    host.stream(sound, true)
    expect(host.keys).toBe(0)
    const more = Buffer.from(sound.pairs)
    more.writeUInt32LE(1000)
    const damaged = [
      sound.pairs.subarray(0, -1),
      sound.pairs.subarray(0, 21),
      sound.pairs.subarray(0, 3),
      more,
    ]
    for (const [i, pairs] of damaged.entries()) {
      host.stream({ ...sound, pairs }, true)
      expect(host.keys).toBe(i + 1)
    }
  })

  test('headers of which the arena holds no more', () => {
    const mooring = startMooring(skipped({ headers: [{ name: BETA, present: false }] }))
    mooring.vm.inject({ hostcall: 'malloc', status: 0 })
    expect(requestValues(pass(mooring.plugin), 'x-mooring-key')).toEqual(['top'])
    mooring.vm.clearFaults()
    expect(counter(mooring, 'match_unreadable')).toBe(1n)
  })
})
