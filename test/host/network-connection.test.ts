/** What the conformance with a real Envoy does not reach: see test/envoy/network-conformance.test.ts for the rest. */
import { beforeEach, describe, expect, test } from 'vitest'

import { NetworkStatus, type Plugin, StreamType } from '../../host/index.ts'
import { Driver, OK } from './driver.ts'

let driver: Driver
let plugin: Plugin
beforeEach(() => {
  driver = new Driver()
  plugin = driver.vm.startPlugin()
  driver.callbacks.length = 0
})

const STOP = 1

describe('a connection through a network filter', () => {
  test('runs its callbacks in the order of Envoy, with the lengths and the closers', () => {
    const connection = plugin.openConnection()
    connection.newConnection()
    connection.downstreamData('PING')
    connection.upstreamData('PONG!', { end: true })
    connection.close('local')
    const { id } = connection
    expect(driver.callbacks).toEqual([
      `proxy_on_context_create(${id}, ${plugin.id})`,
      `proxy_on_new_connection(${id})`,
      `proxy_on_downstream_data(${id}, 4, 0)`,
      `proxy_on_upstream_data(${id}, 5, 1)`,
      `proxy_on_upstream_connection_close(${id}, 0)`,
      `proxy_on_downstream_connection_close(${id}, 1)`,
      `proxy_on_done(${id})`,
      `proxy_on_log(${id})`,
      `proxy_on_delete(${id})`,
    ])
    expect(connection.closedBy).toBe('local')
    expect(driver.vm.openStreams).toBe(0)
  })

  test('that is never new reaches no guest', () => {
    const connection = plugin.openConnection()
    expect(String(connection.downstreamData('PING').data)).toBe('PING')
    connection.close()
    connection.close()
    expect(driver.callbacks).toEqual([])
    expect(driver.vm.openStreams).toBe(0)
  })

  test('lets go on from another callback what it holds', () => {
    const connection = plugin.openConnection()
    connection.newConnection()
    driver.on['proxy_on_downstream_data'] = () => STOP
    expect(connection.downstreamData('one')).toEqual({
      status: NetworkStatus.StopIteration,
      rawStatus: STOP,
      hostcalls: 1, // The driver's own.
      data: new Uint8Array(0),
    })
    driver.on['proxy_on_upstream_data'] = () => {
      expect(driver.answer('proxy_get_buffer_bytes', 2, 0, 10)).toBe('one')
      expect(driver.call('proxy_continue_stream', StreamType.Downstream)).toBe(OK)
      return 0
    }
    connection.upstreamData('go')
    expect(connection.continued.map(String)).toEqual(['one'])
    driver.on['proxy_on_downstream_data'] = () => 0
    expect(String(connection.downstreamData('two').data)).toBe('two')
  })

  test('has what it changed after it was stopped', () => {
    const connection = plugin.openConnection()
    connection.newConnection()
    driver.on['proxy_on_downstream_data'] = () => STOP
    connection.downstreamData('one')
    driver.on['proxy_on_upstream_data'] = () => {
      driver.call('proxy_set_buffer_bytes', 2, 0, 3, ...driver.bytes('uno'))
      return 0
    }
    connection.upstreamData('go')
    driver.on['proxy_on_downstream_data'] = () => 0
    expect(String(connection.downstreamData(', two').data)).toBe('uno, two')
  })

  test.each(['FAIL_CLOSED', 'FAIL_OPEN'] as const)('is closed by a trap under %s', (failurePolicy) => {
    const trapping = driver.vm.startPlugin({ failurePolicy })
    const connection = trapping.openConnection()
    connection.newConnection()
    driver.on['proxy_on_downstream_data'] = () => {
      driver.trap()
      return 0
    }
    expect(connection.downstreamData('PING')).toMatchObject({ status: NetworkStatus.StopIteration })
    expect(connection.closedBy).toBe('failure')
    driver.callbacks.length = 0

    const next = trapping.openConnection()
    next.newConnection()
    expect(next.closedBy).toBe(failurePolicy === 'FAIL_CLOSED' ? 'failure' : undefined)
    if (failurePolicy === 'FAIL_OPEN') expect(String(next.downstreamData('PING').data)).toBe('PING')
    next.close()
    expect(driver.callbacks).toEqual([])
  })

  test('takes nothing once it is closed, and is new once', () => {
    const connection = plugin.openConnection()
    connection.newConnection()
    expect(() => connection.newConnection()).toThrow(
      'newConnection has run already: a connection is new once',
    )
    connection.close()
    expect(() => connection.downstreamData('PING')).toThrow(
      `downstreamData was called on connection ${connection.id}, which was closed (remote)`,
    )
    expect(() => connection.upstreamData('PING')).toThrow(expect.objectContaining({ code: 'stream_ended' }))
  })

  test('keeps its plugin until it is closed, and no other', () => {
    const connection = plugin.openConnection()
    connection.newConnection()
    plugin.stop()
    expect(driver.vm.plugins).toEqual([plugin])
    expect(() => plugin.openConnection()).toThrow(expect.objectContaining({ code: 'plugin_stopped' }))
    connection.close()
    expect(driver.vm.plugins).toEqual([])
  })
})
