/** `envoy_resolve_dns` and its answers. */
import { expect, test } from 'vitest'

import { BufferType, HostUsageError, type Plugin, Status, type VmOptions } from '../../host/index.ts'
import { Driver, MEMORY_END } from './driver.ts'

/** A driver that asks for names while it is configured, and what it has seen of answers. */
function asking(names: readonly string[], options: VmOptions = {}) {
  const driver = new Driver(options)
  const tokens: number[] = []
  const answers: unknown[] = []
  driver.on['envoy_on_resolve_dns'] = (...[, token = 0, size = 0]) => {
    answers.push([token, size, driver.fetch('proxy_get_buffer_bytes', BufferType.CallData, 0, 1000).value])
    return undefined
  }
  driver.on['proxy_on_configure'] = () => {
    for (const name of names) {
      const token = driver.room(4)
      expect(driver.call('envoy_resolve_dns', ...driver.bytes(name), token)).toBe(Status.Ok)
      tokens.push(driver.u32(token))
      answers.push(`${name} asked`)
    }
    return 1
  }
  const plugin: Plugin = driver.vm.startPlugin()
  return { driver, vm: driver.vm, plugin, tokens, answers }
}

test('a query waits for the test’s answer, which the guest gets as Envoy writes it', () => {
  const { driver, vm, tokens, answers } = asking(['db.example', 'gone.example'])
  expect(tokens).toEqual([2, 3])
  expect(vm.dns.pending.map(({ token, name, isPending }) => [token, name, isPending])).toEqual([
    [2, 'db.example', true],
    [3, 'gone.example', true],
  ])
  const query = vm.dns.query()
  vm.dns.query('gone.example').respond([])
  query.respond(['10.0.0.7', '2001:DB8:0::7'], 258)
  expect(query.isPending).toBe(false)
  expect(answers.slice(2)).toEqual([
    [3, 4, '\0\0\0\0'],
    [2, 39, '\x02\0\0\0\x02\x01\0\0\x02\x01\0\x0010.0.0.7:0\0[2001:db8::7]:0\0'],
  ])
  expect(driver.callbacks.at(-1)).toBe('envoy_on_resolve_dns(1, 2, 39)')
})

test('a query that fails brings size 0, one for a name that does not exist an answer without addresses', () => {
  const { vm, answers } = asking(['db.example'])
  vm.dns.query('db.example').fail()
  expect(answers).toEqual(['db.example asked', [2, 0, null]])
})

test('what needs no server is answered before the hostcall returns', () => {
  const names = ['10.0.0.7', 'known', 'none', 'a..b']
  const { vm, answers } = asking(names, { hosts: { known: ['::1'], none: [] } })
  expect(vm.dns.pending).toEqual([])
  expect(answers).toEqual([
    [2, 19, '\x01\0\0\0\0\0\0\x0010.0.0.7:0\0'],
    '10.0.0.7 asked',
    [3, 16, '\x01\0\0\0\0\0\0\0[::1]:0\0'],
    'known asked',
    [4, 4, '\0\0\0\0'],
    'none asked',
    [5, 0, null],
    'a..b asked',
  ])
})

test('a stream’s query is answered on the root context', () => {
  const driver = new Driver()
  driver.on['proxy_on_request_headers'] = () => {
    driver.call('envoy_resolve_dns', ...driver.bytes('db.example'), driver.room(4))
    return 0
  }
  const stream = driver.vm.startPlugin().stream()
  stream.requestHeaders()
  stream.end()
  driver.vm.dns.query().respond(['10.0.0.7'])
  expect(driver.callbacks.at(-1)).toBe('envoy_on_resolve_dns(1, 2, 19)')
})

test('memory is checked before anything is asked; a token that cannot be written is used up', () => {
  const driver = new Driver()
  let seen: unknown
  driver.on['proxy_on_configure'] = () => {
    const token = driver.room(4)
    const name = driver.bytes('db.example')
    seen = [
      driver.call('envoy_resolve_dns', MEMORY_END, 1, token),
      driver.call('envoy_resolve_dns', ...name, MEMORY_END),
      driver.call('envoy_resolve_dns', ...name, token),
      driver.u32(token),
    ]
    return 1
  }
  driver.vm.startPlugin()
  expect(seen).toEqual([Status.InvalidMemoryAccess, Status.InvalidMemoryAccess, Status.Ok, 3])
  expect(driver.vm.dns.pending.map(({ token }) => token)).toEqual([3])
})

test('what a test cannot answer says so', () => {
  const { vm, plugin } = asking(['a.example', 'b.example'])
  const code = (action: () => unknown): unknown => {
    try {
      return action()
    } catch (error) {
      return error instanceof HostUsageError ? [error.code, error.message] : error
    }
  }
  expect(code(() => vm.dns.query('c.example'))).toEqual([
    'no_callout',
    'no DNS query for "c.example" is pending, only: "a.example", "b.example"',
  ])
  const query = vm.dns.query()
  expect(
    code(() => {
      query.respond(['10.0.0.7:80'])
    }),
  ).toEqual([
    'not_an_address',
    '"10.0.0.7:80" is no answer to a DNS query: expected an IPv4 or IPv6 address without a port',
  ])
  query.fail()
  expect(
    code(() => {
      query.fail()
    }),
  ).toEqual(['callout_over', 'the DNS query for "a.example" is over: it cannot be answered'])
  plugin.stop()
  expect(vm.dns.pending).toEqual([])
  expect(code(() => vm.dns.query())).toEqual(['no_callout', 'no DNS query is pending, only: nothing'])
})
