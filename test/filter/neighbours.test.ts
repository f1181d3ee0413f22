/** How plugins of one proxy come to know of each other, what that costs, and what they do where the host refuses. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, type Plugin, Vm } from '../../host/index.ts'
import { Proxy, send, startNamed } from './chain.ts'
import { mooringModule, pass } from './mooring.ts'

const KEY = 'x-mooring-key'
const ID = 'ABEiM0RVZneImaq7zN3u_w'
const FORGED: HeaderList = [[KEY, 'chosen-by-the-client']]

describe('a plugin knows of the other', () => {
  const both = { 'shop.a': { session: {} }, 'shop.b': { session: {} } }

  test('at once, if the other was there before it', () => {
    const proxy = new Proxy()
    const vm = proxy.vm()
    startNamed(vm, 'shop.a', { session: {} })
    const second = startNamed(vm, 'shop.b', { session: {} })
    vm.hostcalls.reset()
    send([second])
    expect(vm.hostcalls.of('proxy_set_property')).toBe(1)
  })

  test('within a second, if the other came later', () => {
    const proxy = new Proxy()
    const vm = proxy.vm()
    const first = startNamed(vm, 'shop.a', { session: {} })
    startNamed(vm, 'shop.b', { session: {} })
    const marks = (): number => {
      vm.hostcalls.reset()
      send([first])
      return vm.hostcalls.of('proxy_set_property')
    }
    expect(marks()).toBe(0)
    proxy.advance(1000)
    expect(marks()).toBe(1)
  })

  test('until six seconds after it was removed', () => {
    const proxy = new Proxy()
    const [first, second] = proxy.plugins(both, true) as [Plugin, Plugin]
    const costs = (): number | undefined => send([first], [['cookie', `ISTIOID=${ID}`]]).hostcalls[0]
    expect(costs()).toBe(4)
    second.stop()
    proxy.advance(5000)
    expect(costs()).toBe(4)
    proxy.advance(1000)
    expect(costs()).toBe(2)
  })

  test('for as long as both run', () => {
    const proxy = new Proxy()
    const plugins = proxy.plugins(both, true)
    for (let minute = 0; minute < 10; minute++) {
      proxy.advance(60_000)
      expect(send(plugins).setCookies).toHaveLength(1)
    }
  })

  test('though the wall clock jumps', () => {
    const proxy = new Proxy()
    const plugins = proxy.plugins(both, true)
    for (const time of ['2027-01-01T00:00:00Z', '2025-01-01T00:00:00Z']) {
      proxy.clock.setRealtime(new Date(time))
      proxy.advance(2000)
      expect(send(plugins).setCookies).toHaveLength(1)
      expect(send(plugins, [['cookie', `ISTIOID=${ID}`]]).hostcalls).toEqual([4, 2])
    }
  })

  test.each<[string, (vm: Vm, first: Plugin) => void]>([
    [
      'its own update',
      (_, first) => {
        first.replace({ name: 'shop.a', configuration: '{"session":{}}' })
      },
    ],
    ['another root of its name', (vm) => startNamed(vm, 'shop.a', { session: {} })],
  ])('but %s is none', (_, change) => {
    const proxy = new Proxy()
    const vm = proxy.vm()
    change(vm, startNamed(vm, 'shop.a', { session: {} }))
    proxy.advance(10_000)
    for (const plugin of vm.plugins)
      expect(send([plugin], [['cookie', `ISTIOID=${ID}`]]).hostcalls).toEqual([2])
  })

  test('but workers of one plugin are none', () => {
    const proxy = new Proxy()
    const workers = Array.from({ length: 8 }, () => startNamed(proxy.vm(), 'shop.a', { session: {} }))
    proxy.advance(10_000)
    for (const worker of workers) expect(send([worker], [['cookie', `ISTIOID=${ID}`]]).hostcalls).toEqual([2])
  })
})

describe('until the plugin that was there before knows of the new one', () => {
  const signing = { keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }], absoluteTimeout: '12h' }
  const constant = (text: string): object => ({ from: [{ constant: text }] })

  test.each<[string, object, number, number]>([
    ['unsigned sessions are minted once', { session: {} }, 1, 1],
    ['signed ones twice', { session: { signing } }, 2, 1],
  ])('%s, and the later key stays', (_, session, before, after) => {
    const proxy = new Proxy()
    const vm = proxy.vm()
    const old = startNamed(vm, 'shop.a', { ...session, key: constant('old') })
    const added = startNamed(vm, 'shop.b', { ...session, key: constant('added') })
    const keys = [old, added].map((plugin) => send([plugin]).seen(KEY))
    const behind = send([old, added])
    const inFront = send([added, old])
    expect([behind.setCookies.length, inFront.setCookies.length]).toEqual([before, before])
    expect([behind.seen(KEY), inFront.seen(KEY)]).toEqual([keys[1], keys[0]])
    proxy.advance(1000)
    const settled = send([old, added])
    expect([settled.setCookies.length, settled.seen(KEY)]).toEqual([after, keys[0]])
  })
})

describe('it costs', () => {
  test('one that is alone no hostcall of a request, and two of a tick', () => {
    const proxy = new Proxy()
    const [plugin] = proxy.plugins({ 'shop.a': { session: {} } }) as [Plugin]
    expect(send([plugin], [['cookie', `ISTIOID=${ID}`]]).hostcalls).toEqual([2])
    const vm = proxy.vm()
    startNamed(vm, 'shop.a', { session: {} })
    proxy.advance(1000)
    vm.hostcalls.reset()
    proxy.advance(1000)
    expect(vm.hostcalls.all()).toEqual({
      proxy_get_current_time_nanoseconds: 1,
      proxy_get_shared_data: 1,
    })
  })

  test('each of several one read and one write, and one who finds all taken the read alone', () => {
    const plugins = new Proxy().plugins({ 'shop.a': { session: {} }, 'shop.b': { session: {} } })
    expect(send(plugins, [['cookie', `ISTIOID=${ID}`]]).hostcalls).toEqual([4, 2])
  })

  test('one lease a second for all workers together', () => {
    const proxy = new Proxy()
    const vms = Array.from({ length: 8 }, () => proxy.vm())
    for (const vm of vms) startNamed(vm, 'shop.a', { session: {} })
    for (const vm of vms) vm.hostcalls.reset()
    proxy.advance(10_000)
    expect(vms.reduce((sum, vm) => sum + vm.hostcalls.of('proxy_set_shared_data'), 0)).toBe(10)
  })
})

describe('a host that refuses', () => {
  const both = { 'shop.a': { session: {} }, 'shop.b': { session: {} } }
  const start = (): [Vm, Plugin[]] => {
    const proxy = new Proxy()
    const vm = proxy.vm()
    const plugins = Object.entries(both).map(([name, configuration]) => startNamed(vm, name, configuration))
    proxy.advance(1000)
    return [vm, plugins]
  }

  test.each(['proxy_get_property', 'proxy_set_property'])(
    'marks (%s) gets no session and no key from us, and lets no key header of a client through',
    (hostcall) => {
      const [vm, plugins] = start()
      vm.inject({ hostcall, status: 10 })
      const { setCookies, seen, reply } = send(plugins, FORGED)
      expect([setCookies, seen(KEY), seen('cookie'), reply]).toEqual([[], [], [], undefined])
      vm.clearFaults()
      expect(send(plugins, FORGED).setCookies).toHaveLength(1)
    },
  )

  test('memory for the mark gets no session and no key from us', () => {
    const [vm, plugins] = start()
    vm.inject({ hostcall: 'malloc', status: 0 })
    const { setCookies, seen } = send(plugins, [...FORGED, ['cookie', `ISTIOID=${ID}`]])
    expect([setCookies, seen(KEY), vm.isAlive]).toEqual([[], [], true])
  })

  test.each<[string, number]>([
    ['proxy_get_property', 10],
    ['proxy_set_property', 10],
    ['malloc', 0],
  ])('%s has no session pass that nobody has verified', (hostcall, status) => {
    const signing = { keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }], absoluteTimeout: '12h' }
    const proxy = new Proxy()
    const vm = proxy.vm()
    const plugins = ['shop.a', 'shop.b'].map((name) => startNamed(vm, name, { session: { signing } }))
    proxy.advance(1000)
    vm.inject({ hostcall, status })
    const { seen } = send(plugins, [...FORGED, ['cookie', `ISTIOID=${ID}`]])
    expect(seen('cookie').join()).not.toContain(ID)
    expect(seen(KEY)).toEqual([])
  })

  test('to show leases that are there cannot make them be lost', () => {
    const proxy = new Proxy()
    const [a, b] = [proxy.vm(), proxy.vm()]
    startNamed(a, 'shop.a', { session: {} })
    const lease = proxy.sharedData.get('', 'mooring.leases')?.value
    b.inject({ hostcall: 'proxy_get_shared_data', status: 1 })
    startNamed(b, 'shop.b', { session: {} })
    expect(proxy.sharedData.get('', 'mooring.leases')?.value).toBe(lease)
  })

  test('leases leaves things as they were', () => {
    const proxy = new Proxy()
    const [a, b] = [proxy.vm(), proxy.vm()]
    const plugins = [startNamed(a, 'shop.a', { session: {} }), startNamed(b, 'shop.b', { session: {} })]
    proxy.advance(1000)
    a.inject({ hostcall: 'proxy_get_shared_data', status: 10 })
    b.inject({ hostcall: 'proxy_get_shared_data', status: 10 })
    proxy.advance(60_000)
    expect(send(plugins).setCookies).toHaveLength(1)
    expect(send(plugins, [['cookie', `ISTIOID=${ID}`]]).hostcalls).toEqual([4, 2])
  })
})

test.each<[string, string]>([
  ['nothing', ''],
  ['less than a lease', 'abc'],
  ['a lease and a half', 'abcdefghijkl'],
  ['more leases than anybody writes', '\x01\x02\x03\x04\x00\x00\x00\x00'.repeat(1000)],
])('a shared value of %s is no harm', (_, value) => {
  const proxy = new Proxy()
  proxy.sharedData.set('', 'mooring.leases', value, 0)
  const plugins = proxy.plugins({ 'shop.a': { session: {} }, 'shop.b': { session: {} } }, true)
  expect(send(plugins).setCookies).toHaveLength(1)
  expect(proxy.sharedData.get('', 'mooring.leases')?.value).toHaveLength(16)
})

test('33 plugins: 32 have leases, and all 33 know that they are not alone', () => {
  const proxy = new Proxy()
  const names = Array.from({ length: 33 }, (_, i) => [`shop.${i}`, { session: {} }] as const)
  const plugins = proxy.plugins(Object.fromEntries(names), true)
  expect(send(plugins).setCookies).toHaveLength(1)
  expect(proxy.sharedData.get('', 'mooring.leases')?.value).toHaveLength(32 * 8)
})

test('where the proxy shares no data between two VMs each acts as if it were alone', () => {
  const plugin = startNamed(new Vm(mooringModule), 'shop.a', { session: {} })
  expect(pass(plugin, [['cookie', `ISTIOID=${ID}`]]).request.hostcalls).toBe(2)
})
