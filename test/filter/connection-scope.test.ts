import { describe, expect, test } from 'vitest'
import type { Plugin, PropertyTree } from '../../host/index.ts'
import { type Mooring, counter, pass, requestValues, setCookies, startMooring } from './mooring.ts'
import { ENVIRONMENT } from './signing.ts'

const PER_CONNECTION = { session: { mint: { scope: 'connection' } } }
const SIGNED = {
  session: {
    mint: { scope: 'connection' },
    signing: { keys: [{ id: 'k1', env: 'MOORING_SIGNING_1' }], absoluteTimeout: '12h' },
  },
}
const MINTED = /^[A-Za-z0-9_-]{22}$/

const connection = (id: bigint): PropertyTree => ({ connection_id: id })

interface Visit {
  /** As the pod sees it. */
  readonly id: string
  /** As the client gets it. */
  readonly value: string
}

/** A request without a cookie, and its answer. */
function visit(plugin: Plugin, properties: PropertyTree, name = 'ISTIOID'): Visit {
  const passed = pass(plugin, [], properties)
  const [cookie = ''] = requestValues(passed, 'cookie')
  const [line = ''] = setCookies(passed)
  const value = new RegExp(`^${name}=([^;]+); `).exec(line)?.[1] ?? ''
  return { id: cookie.slice(name.length + 1), value }
}

function ids(plugin: Plugin, count: number, properties: PropertyTree): readonly string[] {
  const found = Array.from({ length: count }, () => visit(plugin, properties).id)
  for (const id of found) expect(id).toMatch(MINTED)
  return found
}

const distinct = (values: readonly string[]): number => new Set(values).size

describe('under mint.scope: connection', () => {
  test('eight requests without a cookie on one connection get one session, and each its Set-Cookie', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    const visits = Array.from({ length: 8 }, () => visit(plugin, connection(7n)))
    expect(distinct(visits.map(({ id }) => id))).toBe(1)
    expect(visits.map(({ value }) => value)).toEqual(visits.map(({ id }) => id))
  })

  test('the ninth and all that follow get their own', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    expect(distinct(ids(plugin, 20, connection(7n)))).toBe(1 + 12)
  })

  test('requests that overlap share it as well', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    const open = Array.from({ length: 3 }, () => pass(plugin, [], connection(7n)))
    expect(distinct(open.flatMap((passed) => requestValues(passed, 'cookie')))).toBe(1)
    expect(distinct(open.flatMap((passed) => setCookies(passed)))).toBe(1)
  })

  test('they have one key, and count as minted', () => {
    const mooring = startMooring(PER_CONNECTION)
    const keys = Array.from({ length: 8 }, () =>
      requestValues(pass(mooring.plugin, [], connection(7n)), 'x-mooring-key'),
    )
    expect(keys).toEqual(keys.map(() => keys[0]))
    expect(counter(mooring, 'session_minted')).toBe(8n)
  })

  test('another connection gets another session, the first one of a proxy too, whose number is 0', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    const sessions = [0n, 1n, 2n, 1n << 32n, (1n << 64n) - 1n].map((id) => ids(plugin, 8, connection(id)))
    expect(sessions.map(distinct)).toEqual([1, 1, 1, 1, 1])
    expect(distinct(sessions.flat())).toBe(5)
  })

  test('a cookie that comes along is kept, and uses up nothing', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    const first = visit(plugin, connection(7n))
    for (let i = 0; i < 20; i++) {
      const passed = pass(plugin, [['cookie', 'ISTIOID=held-by-the-client']], connection(7n))
      expect(requestValues(passed, 'cookie')).toEqual(['ISTIOID=held-by-the-client'])
      expect(setCookies(passed)).toEqual([])
    }
    expect(ids(plugin, 7, connection(7n))).toEqual(Array.from({ length: 7 }, () => first.id))
  })

  test('signed, each request gets a token of one id', () => {
    const { plugin } = startMooring(SIGNED, { environment: ENVIRONMENT })
    const visits = Array.from({ length: 9 }, () => visit(plugin, connection(7n)))
    expect(distinct(visits.map(({ id }) => id))).toBe(2)
    for (const { id, value } of visits) {
      expect(value.split('.').slice(0, 3)).toEqual(['1', 'k1', id])
      const passed = pass(plugin, [['cookie', `ISTIOID=${value}`]])
      expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${id}`])
    }
  })
})

describe('not shared are', () => {
  const twoRules = (cookie: object): object => ({
    ...PER_CONNECTION,
    rules: [{ name: 'other', match: { hosts: ['*.test.com'] }, session: { cookie } }],
  })

  test.each<[string, object, string]>([
    ['cookies of two names', { name: 'OTHERID' }, 'OTHERID'],
    ['cookies of two domains', { domain: 'test.com' }, 'ISTIOID'],
  ])('%s', (_, cookie, name) => {
    const { plugin } = startMooring(twoRules(cookie))
    const ofTop = Array.from({ length: 8 }, () => visit(plugin, connection(7n)).id)
    const ofRule = Array.from({ length: 8 }, () => {
      const passed = pass(plugin, [[':authority', 'a.test.com']], connection(7n))
      expect(setCookies(passed)).toHaveLength(1)
      return requestValues(passed, 'cookie')[0]?.slice(name.length + 1) ?? ''
    })
    expect([distinct(ofTop), distinct(ofRule), distinct([...ofTop, ...ofRule])]).toEqual([1, 1, 2])
  })

  test.each<[string, object]>([
    ['requests by default', { session: {} }],
    ['requests under scope: request', { session: { mint: { scope: 'request' } } }],
  ])('%s', (_, configuration) => {
    const { plugin } = startMooring(configuration)
    expect(distinct(ids(plugin, 8, connection(7n)))).toBe(8)
  })

  test.each<[string, PropertyTree]>([
    ['requests whose connection the proxy does not tell', {}],
    ['those of a number of another form', { connection_id: 'seven' }],
    ['those of a number that cannot be handed over', { connection_id: null }],
  ])('%s', (_, properties) => {
    const { plugin } = startMooring(PER_CONNECTION)
    expect(distinct(ids(plugin, 8, properties))).toBe(8)
  })

  test('sessions of a shadow, which nobody gets', () => {
    const shadowed = { name: 'shadowed', match: { paths: ['/shadow'] }, mode: 'shadow' }
    const { plugin } = startMooring({ ...PER_CONNECTION, rules: [shadowed] })
    for (let i = 0; i < 8; i++) pass(plugin, [[':path', '/shadow']], connection(7n)).stream.end()
    expect(distinct(ids(plugin, 8, connection(7n)))).toBe(1)
  })
})

describe('of 256 connections', () => {
  const sessionsOf = (plugin: Plugin, from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => visit(plugin, connection(BigInt(from + i))).id)

  test('each keeps its session', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    expect(sessionsOf(plugin, 0, 256)).toEqual(sessionsOf(plugin, 0, 256))
  })

  test('the one that was used least recently gives way to one more, and begins anew', () => {
    const { plugin } = startMooring(PER_CONNECTION)
    const before = sessionsOf(plugin, 0, 256)
    expect(sessionsOf(plugin, 0, 1)).toEqual(before.slice(0, 1))
    sessionsOf(plugin, 256, 257)
    expect(sessionsOf(plugin, 2, 256)).toEqual(before.slice(2))
    expect(sessionsOf(plugin, 0, 1)).toEqual(before.slice(0, 1))
    expect(before).not.toContain(sessionsOf(plugin, 1, 2)[0])
  })
})

test('where the proxy gives no random bytes nobody gets a session, nor later an empty one', () => {
  const mooring: Mooring = startMooring(PER_CONNECTION)
  mooring.vm.inject({ hostcall: 'random_get', status: 28 })
  const passed = pass(mooring.plugin, [], connection(7n))
  expect(requestValues(passed, 'cookie')).toEqual([])
  expect(setCookies(passed)).toEqual([])
  expect(counter(mooring, 'session_exhausted')).toBe(1n)
  mooring.vm.clearFaults()
  const [id = '', ...rest] = ids(mooring.plugin, 8, connection(7n))
  expect(id).not.toBe('AAAAAAAAAAAAAAAAAAAAAA')
  expect(rest).toEqual(rest.map(() => id))
})

test('it costs one hostcall, and only requests that get a session', () => {
  const { vm, plugin } = startMooring(PER_CONNECTION)
  visit(plugin, connection(7n))
  vm.hostcalls.reset()
  const passed = pass(plugin, [], connection(7n))
  expect(vm.hostcalls.of('proxy_get_property')).toBe(1)
  vm.hostcalls.reset()
  setCookies(passed)
  const [cookie = ''] = requestValues(passed, 'cookie')
  vm.hostcalls.reset()
  pass(plugin, [['cookie', cookie]], connection(7n))
  expect(vm.hostcalls.of('proxy_get_property')).toBe(0)
})
