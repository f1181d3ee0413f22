/** Memory: the same after the thousandth stream and the millionth, after ten thousand configurations, and when there is none. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, LogLevel, type Plugin, PluginRefusedError, Vm } from '../../host/index.ts'
import { differences } from './differences.ts'
import { LeanHost, requestOf } from './lean-host.ts'
import {
  counter,
  headersWith,
  type Mooring,
  mooringModule,
  pass,
  requestValues,
  setCookies,
  startMooring,
  startPlugin,
} from './mooring.ts'

const PAGE = 65_536
const PROVING = process.env['PROVE'] !== undefined

const CONFIGURATION = {
  session: { cookie: { renew: 'always' } },
  key: { from: [{ claim: 'sub' }, { header: 'x-user' }, { all: ['session', 'address'] }, 'session'] },
  rules: [{ name: 'api', match: { paths: ['/api/**'] }, key: { header: 'x-api-key' } }],
}

/** Requests of every kind that a minute brings. */
const KINDS = (
  [
    [],
    [['cookie', 'ISTIOID=ABEiM0RVZneImaq7zN3u_w']],
    [['cookie', 'theme=dark; ISTIOID=; ISTIOID=a b']],
    [
      ['cookie', 'theme=dark'],
      ['cookie', 'ISTIOID=5e1192314817394d'],
    ],
    [
      [':path', '/api/x'],
      ['x-user', 'alice'],
    ],
    [
      ['x-user', 'a'],
      ['x-user', 'b'],
    ],
    [[':method', 'OPTIONS']],
  ] satisfies HeaderList[]
).map(headersWith)
const LARGE = headersWith([
  ['cookie', `a=${'x'.repeat(30_000)}`],
  ['x-user', 'u'.repeat(9000)],
])

function send(plugin: Plugin, count: number): void {
  for (let i = 0; i < count; i++) {
    const stream = plugin.stream({ headers: i % 500 === 499 ? LARGE : (KINDS[i % KINDS.length] ?? []) })
    stream.requestHeaders({ endOfStream: true })
    if (i % 5 !== 4) stream.responseHeaders()
    stream.end()
  }
}

describe('the memory is as large', () => {
  const streams = PROVING ? 20_000_000 : 1_000_000
  test(`after stream ${streams} as after the 1,000th`, { timeout: streams / 5 }, () => {
    const host = new LeanHost(JSON.stringify(CONFIGURATION))
    const requests = KINDS.map(requestOf)
    const large = requestOf(LARGE)
    const sendTo = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const request = i % 500 === 499 ? large : requests[i % requests.length]
        if (request !== undefined) host.stream(request, i % 5 !== 4)
      }
    }
    sendTo(1000)
    const size = host.memoryBytes
    sendTo(streams - 1000)
    expect(host.memoryBytes).toBe(size)
    expect(host.setCookies).toBeGreaterThan(streams / 2)
  })

  test('after stream 50,000 of a host that checks everything as after the 1,000th', () => {
    const { vm, plugin } = startMooring(CONFIGURATION)
    send(plugin, 1000)
    const size = vm.memory.size
    send(plugin, 49_000)
    expect(vm.memory.size).toBe(size)
    expect(setCookies(pass(plugin))).toHaveLength(1)
  })

  const reloads = PROVING ? 100_000 : 10_000
  test(`after ${reloads} configurations as after the 100th`, { timeout: 20 * reloads }, () => {
    const rules = Array.from({ length: 12 }, (_, i) => ({
      name: `rule-${i}`,
      match: { hosts: ['*.example.com'], paths: [`/part-${i}/**`] },
      session: { cookie: { ttl: `${i + 1}h` } },
    }))
    const configurations = [{ session: {} }, CONFIGURATION, { session: {}, rules }].map((one) =>
      JSON.stringify(one),
    )
    const { vm, plugin } = startMooring({ session: {} })
    let running = plugin
    const reload = (times: number): void => {
      for (let i = 0; i < times; i++) {
        const open = pass(running)
        running = running.replace({ configuration: configurations[i % configurations.length] ?? '' })
        if (i % 2 === 0) open.stream.responseHeaders()
        open.stream.end()
      }
    }
    reload(100)
    const size = vm.memory.size
    reload(reloads - 100)
    expect(vm.memory.size).toBe(size)
    expect(vm.plugins).toEqual([running])
  })

  test('after 200 refused configurations as after the 20th', () => {
    const { vm, plugin } = startMooring({ session: {} })
    const broken = JSON.stringify({ session: { cookie: { nmae: 'a', ttl: 1 } }, rules: [{}, {}, []] })
    const refuse = (times: number): void => {
      for (let i = 0; i < times; i++) expect(() => startPlugin(vm, broken)).toThrow(PluginRefusedError)
    }
    refuse(20)
    const size = vm.memory.size
    refuse(180)
    expect(vm.memory.size).toBe(size)
    expect(setCookies(pass(plugin))).toHaveLength(1)
  })
})

describe('of a stream that is open the filter keeps', () => {
  const OPEN = 10_000
  const wholeMemory = ({ vm }: Mooring) => vm.memory.read(0, vm.memory.size) ?? new Uint8Array()
  const CHAIN = [{ claim: 'sub' }, { all: [{ header: 'x-tenant' }, { path: '/carts/{cart}/**' }] }, 'session']
  const COOKIE = ['cookie', 'ISTIOID=ABEiM0RVZneImaq7zN3u_w'] as const
  const TENANT = [':path', '/carts/7'] as const

  test.each<[string, object, HeaderList]>([
    ['a session is copied', { session: {} }, [COOKIE]],
    ['a chain is tried', { session: {}, key: { from: CHAIN } }, [COOKIE, TENANT, ['x-tenant', 'acme']]],
    ['a rule skips it', { session: {}, rules: [{ name: 'no', match: { paths: ['/**'] }, skip: true }] }, []],
    ['nothing yields a key', { key: { from: [{ header: 'x-user' }] } }, []],
  ])('nothing where %s, and its answer sets nothing', (_, configuration, headers) => {
    const mooring = startMooring(configuration)
    pass(mooring.plugin, headers)
    const before = wholeMemory(mooring)
    const open = Array.from({ length: OPEN }, () => pass(mooring.plugin, headers))
    // All hand over the same bytes, so that counters are what changes: two bytes of each.
    const changed = differences(before, wholeMemory(mooring))
    expect(changed).toBeGreaterThan(0)
    expect(changed).toBeLessThanOrEqual(16)
    for (const { stream } of open) stream.end()
  })

  test('the session where its answer is to set it', () => {
    const mooring = startMooring({ session: {} })
    pass(mooring.plugin)
    const { size } = mooring.vm.memory
    const open = Array.from({ length: OPEN }, () => pass(mooring.plugin))
    expect(mooring.vm.memory.size - size).toBeGreaterThan(OPEN * 100)
    for (const { stream } of open) stream.end()
  })
})

describe('a stream costs the same however many others are open', () => {
  test('the same hostcalls, and about the same time, beside none and beside 10,000', () => {
    const alone = startMooring(CONFIGURATION)
    const among = startMooring(CONFIGURATION)
    const open = Array.from({ length: 10_000 }, () => pass(among.plugin))

    const costs = [alone, among].map(({ vm, plugin }) => {
      send(plugin, 1000)
      vm.hostcalls.reset()
      send(plugin, 500)
      return vm.hostcalls.all()
    })
    expect(costs[1]).toEqual(costs[0])

    // Blocks take turns, and the fastest of each kind count: a busy machine slows some of both.
    const fastest = [Infinity, Infinity]
    for (let block = 0; block < 60; block++) {
      for (const [index, { plugin }] of [alone, among].entries()) {
        const start = process.hrtime.bigint()
        send(plugin, 100)
        fastest[index] = Math.min(fastest[index] ?? 0, Number(process.hrtime.bigint() - start))
      }
    }
    // A look-up that walked over open streams would take a hundred times as long.
    expect((fastest[1] ?? 0) / (fastest[0] ?? 1)).toBeLessThan(3)
    for (const { stream } of open) stream.end()
  })
})

describe('a proxy that has no memory left', () => {
  const initial = new Vm(mooringModule).memory.size / PAGE

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32])(
    'with %i pages to grow by refuses a configuration in words, or works with what it has',
    (extra) => {
      const vm = new Vm(mooringModule, { memoryLimit: (initial + extra) * PAGE })
      let plugin: Plugin
      try {
        plugin = startPlugin(vm, CONFIGURATION)
      } catch (error) {
        expect(error).toMatchObject({ code: 'configure_failed' })
        expect(vm.logs.messages(LogLevel.Error).length).toBeGreaterThan(0)
        return
      }
      const huge = [1, 2, 4, 8, 16].map((many) => headersWith([['cookie', `a=${'x'.repeat(many * 60_000)}`]]))
      const open = Array.from({ length: 5000 }, (_, i) => {
        const headers = i % 500 === 499 ? (huge[i % huge.length] ?? []) : headersWith([])
        const stream = plugin.stream({ headers })
        stream.requestHeaders()
        return stream
      })
      for (const stream of open) {
        stream.responseHeaders()
        stream.end()
      }
      expect(vm.failure).toBeUndefined()
      expect(setCookies(pass(plugin))).toHaveLength(1)
    },
  )

  test('mints no session for which there is no room, and every other', () => {
    const mooring = startMooring({ session: {} }, { memoryLimit: (initial + 12) * PAGE })
    const open = Array.from({ length: 20_000 }, () => pass(mooring.plugin))
    const minted = open.filter((passed) => requestValues(passed, 'cookie').length === 1)
    expect(minted.length).toBeGreaterThan(1000)
    expect(minted.length).toBeLessThan(20_000)
    expect(counter(mooring, 'session_exhausted')).toBe(BigInt(20_000 - minted.length))
    expect(minted.filter((passed) => setCookies(passed).length === 1)).toHaveLength(minted.length)
    expect(setCookies(pass(mooring.plugin))).toHaveLength(1)
  })
})
