import { afterAll, describe, expect, test, vi } from 'vitest'

import { LogLevel, VmFailedError } from '../../host/index.ts'
import { hostTest } from '../../host/vitest/index.ts'
import { compileGuest } from '../conformance/guest.ts'
import { ProxyWasmModule, Vm } from '../../host/index.ts'
import { Driver } from './driver.ts'

const trapping = ProxyWasmModule.load(await compileGuest('trap'))

/** Whether an expectation holds, and what it says where it does not. */
function complaint(expectation: () => void): string | undefined {
  try {
    expectation()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('matchers', () => {
  test('know whether a filter lets things pass', () => {
    const driver = new Driver()
    const plugin = driver.vm.startPlugin()
    const passed = plugin.stream({ headers: [['x-user', 'alice']] }).requestHeaders()
    expect(passed).toContinue()
    expect(complaint(() => expect(passed).not.toContinue())).toBe('expected the filter not to continue')
    expect(complaint(() => expect(passed).toReplyLocally(401))).toBe(
      'expected local reply 401; there is no local reply',
    )

    driver.on['proxy_on_request_headers'] = () => {
      driver.call('proxy_send_local_response', 401, 0, 0, ...driver.bytes('who?'), 0, 0, -1)
      return 0
    }
    const stream = plugin.stream()
    const answered = stream.requestHeaders()
    expect(answered).toReplyLocally(401)
    expect(stream).toReplyLocally(401, 'who?')
    expect(answered).not.toReplyLocally(401, 'what?')
    expect(complaint(() => expect(answered).toReplyLocally(403, 'no'))).toBe(
      'expected local reply 403 with body "no"; found 401 with body "who?"',
    )
    expect(complaint(() => expect(answered).toContinue())).toBe(
      'expected the filter to continue, but it returned status 4, with the local reply 401 ()',
    )
  })

  test('know headers', () => {
    const { headers } = new Driver().vm
      .startPlugin()
      .stream({
        headers: [
          ['x-a', '1'],
          ['x-b', '2'],
          ['x-b', '3'],
        ],
      })
      .requestHeaders()
    expect(headers).toHaveHeader('X-A')
    expect({ headers }).toHaveHeader('x-a', '1')
    expect(headers).toHaveHeader('x-a', /^\d$/)
    expect(headers).not.toHaveHeader('x-c')
    expect(headers).not.toHaveHeader('x-b', '2')
    expect(complaint(() => expect(headers).toHaveHeader('x-a', '2'))).toBe(
      'expected header "x-a": 2; there are:\n  x-a: 1\n  x-b: 2\n  x-b: 3',
    )
  })

  test('know logs, counters and the VM', () => {
    const driver = new Driver()
    driver.on['proxy_on_configure'] = () => {
      driver.call('proxy_log', LogLevel.Warn, ...driver.bytes('out of cheese'))
      const id = driver.room(4)
      driver.call('proxy_define_metric', 0, ...driver.bytes('cheese'), id)
      driver.call('proxy_increment_metric', driver.u32(id), 3n)
      return 1
    }
    driver.vm.startPlugin()
    expect(driver.vm).toHaveLogged('cheese')
    expect(driver.vm).toHaveLogged(/^out of/, LogLevel.Warn)
    expect(driver.vm).not.toHaveLogged('cheese', LogLevel.Info)
    expect(driver.vm).toHaveCounter('cheese', 3)
    expect(driver.vm).not.toHaveCounter('bread', 1n)
    expect(complaint(() => expect(driver.vm).toHaveCounter('cheese', 4))).toBe(
      'expected counter "cheese" to be 4; it is 3\nwasmcustom.cheese: 3\n',
    )
    expect(driver.vm).toBeAlive()

    const vm = new Vm(trapping)
    vm.startPlugin()
      .stream({ headers: [['x-trap', '1']] })
      .requestHeaders()
    expect(vm).not.toBeAlive()
    expect(complaint(() => expect(vm).toBeAlive())).toContain(
      'expected the VM to be alive: Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable',
    )
  })
})

describe('the fixture', () => {
  const ended: string[] = []
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  afterAll(() => {
    printed.mockRestore()
  })

  hostTest('gives VMs with a journal', ({ proxyWasm }) => {
    const vm = proxyWasm.vm(trapping, { vmId: 'mine' })
    const plugin = vm.startPlugin()
    plugin.stream().requestHeaders()
    expect(vm.vmId).toBe('mine')
    ended.push(`${plugin.openStreams} open, ${vm.plugins.length} running`)
    expect(String(vm.journal)).toContain('proxy_on_request_headers(2, 0, 0)')
  })

  hostTest.fails('fails a test in which a guest traps, at its end', ({ proxyWasm }) => {
    proxyWasm
      .vm(trapping)
      .startPlugin()
      .stream({ headers: [['x-trap', '1']] })
      .requestHeaders()
  })

  test('prints what happened in the VM of a test that has failed', () => {
    expect(printed.mock.calls.map(([text]) => String(text).split('\n').slice(0, 2))).toEqual([
      ['What happened in the VM:', '_initialize()'],
    ])
  })

  test('ends streams and plugins', () => {
    const vm = new Vm(trapping, { journal: true })
    const stream = vm.startPlugin().stream()
    stream.requestHeaders()
    vm.finish()
    expect([vm.openStreams, vm.plugins.length]).toEqual([0, 0])
    expect(ended).toEqual(['1 open, 1 running'])
  })

  test('says what had happened before a trap', () => {
    const vm = new Vm(trapping, { journal: true })
    vm.startPlugin()
      .stream({ headers: [['x-trap', '1']] })
      .requestHeaders()
    expect(() => {
      vm.finish()
    }).toThrow(VmFailedError)
    const said = complaint(() => {
      vm.finish()
    })
    expect(said).toContain('the VM has failed: Function: proxy_on_request_headers failed')
    expect(said).toContain('proxy_get_header_map_value(0, ')
  })
})
