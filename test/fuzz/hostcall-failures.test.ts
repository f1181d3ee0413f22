/** Every hostcall of the filter, refused with every status that is not Ok: what a request then gets, and that it goes on. */
import { describe, expect, test } from 'vitest'
import {
  type Fault,
  FilterHeadersStatus,
  type Plugin,
  PluginRefusedError,
  Status,
  Vm,
} from '../../host/index.ts'
import {
  counter,
  headersWith,
  mooringModule,
  pass,
  proxyIn,
  requestValues,
  routedTo,
  setCookies,
  startMooring,
  startPlugin,
} from '../filter/mooring.ts'
import { CALLS, REFUSALS } from './faults.ts'
import { SECRET } from './configuration.ts'
import { FORGED } from './request.ts'

const ENVIRONMENT = { MOORING_HASH_SECRET: SECRET }
const CONFIGURATION = {
  session: {},
  key: { hashSecret: { env: 'MOORING_HASH_SECRET' }, onNone: 'reject' },
  rules: [
    {
      name: 'api',
      match: {
        hosts: ['*'],
        paths: ['/**'],
        methods: ['GET'],
        headers: [{ name: 'x-beta', present: false }],
        services: ['*'],
        namespaces: ['shop'],
      },
      key: { header: 'x-api-key' },
    },
  ],
}
const CONTRARY = headersWith([
  ['cookie', 'a=1; ISTIOID='],
  ['x-mooring-key', FORGED],
  ['cookie', 'ISTIOID=a b'],
  ['x-api-key', FORGED],
])

/** The first, second, third or every call answers a status. */
function faultsOf(hostcall: string): Fault[] {
  const statuses = hostcall === 'malloc' ? [0] : REFUSALS
  return statuses.flatMap((status) => [
    { hostcall, status },
    ...[1, 2, 3].map((nth) => ({ hostcall, status, nth })),
  ])
}

describe.each(CALLS)('%s, refused with any status, at its first, second, third or every call', (hostcall) => {
  test('while configuring leaves the VM alive, and whoever runs in it running', () => {
    const { vm, plugin } = startMooring({ session: {} }, { environment: ENVIRONMENT })
    for (const fault of faultsOf(hostcall)) {
      vm.inject(fault)
      try {
        startPlugin(vm, CONFIGURATION, proxyIn('shop')).stop()
      } catch (error) {
        expect(error).toBeInstanceOf(PluginRefusedError)
      }
      vm.clearFaults()
      expect(vm.failure).toBeUndefined()
      expect(setCookies(pass(plugin))).toHaveLength(1)
    }
  })

  test('while a request passes lets no key header of a client through', () => {
    const vm = new Vm(mooringModule, { environment: ENVIRONMENT })
    const plugin = startPlugin(vm, CONFIGURATION, proxyIn('shop'))
    for (const fault of faultsOf(hostcall)) {
      const stream = plugin.stream({ headers: CONTRARY, properties: routedTo('a') })
      vm.inject(fault)
      const { status, headers } = stream.requestHeaders()
      if (status === FilterHeadersStatus.Continue) {
        for (const name of ['x-mooring-key', 'x-api-key']) expect(headers.all(name)).not.toContain(FORGED)
      }
      vm.advance(1000)
      vm.clearFaults()
      if (stream.response === undefined) stream.responseHeaders()
      stream.end()
      expect(vm.failure).toBeUndefined()
      expect(setCookies(pass(plugin))).toHaveLength(1)
    }
  })

  test('while the answer passes, on a tick and while a plugin is removed leaves the VM alive', () => {
    const vm = new Vm(mooringModule)
    for (const fault of faultsOf(hostcall)) {
      const plugin = start(vm)
      const passed = pass(plugin)
      vm.inject(fault)
      expect(setCookies(passed).length).toBeLessThanOrEqual(1)
      vm.advance(1000)
      plugin.stop()
      vm.clearFaults()
      expect(vm.failure).toBeUndefined()
    }
    expect(setCookies(pass(start(vm)))).toHaveLength(1)
  })
})

function start(vm: Vm): Plugin {
  return vm.startPlugin({ configuration: JSON.stringify({ session: {} }) })
}

describe('a refusal means', () => {
  test.each(['proxy_get_buffer_bytes', 'environ_sizes_get', 'environ_get'])(
    'of %s: the configuration is refused, with one line that says why',
    (hostcall) => {
      const vm = new Vm(mooringModule, { environment: ENVIRONMENT })
      vm.inject({ hostcall, status: Status.InternalFailure })
      expect(() => start(vm)).toThrow(PluginRefusedError)
      expect(vm.logs.messages()).toEqual([
        'mooring: the host did not hand over the configuration or the environment',
      ])
    },
  )

  test.each(['proxy_define_metric', 'proxy_set_tick_period_milliseconds', 'proxy_log'])(
    'of %s: the filter works, without counters',
    (hostcall) => {
      const vm = new Vm(mooringModule)
      vm.inject({ hostcall, status: Status.InternalFailure })
      const passed = pass(start(vm))
      expect(requestValues(passed, 'x-mooring-key')).toHaveLength(1)
      expect(setCookies(passed)).toHaveLength(1)
    },
  )

  test('of proxy_increment_metric: what was counted is handed over at the next tick', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'proxy_increment_metric', status: Status.InternalFailure })
    setCookies(pass(mooring.plugin))
    expect(counter(mooring, 'session_minted')).toBe(0n)
    mooring.vm.clearFaults()
    setCookies(pass(mooring.plugin))
    expect(counter(mooring, 'session_minted')).toBe(2n)
  })

  test('of proxy_replace_header_map_value: no key header, and the cookie in the answer all the same', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'proxy_replace_header_map_value', status: Status.InternalFailure })
    const passed = pass(mooring.plugin, [['x-mooring-key', FORGED]])
    expect(passed.request.status).toBe(FilterHeadersStatus.Continue)
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(setCookies(passed)).toHaveLength(1)
    expect(counter(mooring, 'write_refused')).toBe(2n)
  })

  test('of proxy_remove_header_map_value: 503, since a client could have chosen its pod', () => {
    const mooring = startMooring({ session: {}, key: { skip: true, header: 'x-mooring-key' } })
    mooring.vm.inject({ hostcall: 'proxy_remove_header_map_value', status: Status.InternalFailure })
    const { request } = pass(mooring.plugin, [['x-mooring-key', FORGED]])
    expect(request.localReply?.status).toBe(503)
    expect(request.localReply?.details).toBe('mooring_write_refused')
  })

  test('of proxy_send_local_response: the request stops all the same', () => {
    const { vm, plugin } = startMooring({ key: { from: [{ header: 'x-user' }], onNone: 'reject' } })
    vm.inject({ hostcall: 'proxy_send_local_response', status: Status.InternalFailure })
    const { request } = pass(plugin)
    expect(request.localReply).toBeUndefined()
    expect(request.status).toBe(FilterHeadersStatus.StopAllIterationAndWatermark)
  })

  test.each(['proxy_get_property', 'proxy_add_header_map_value'])(
    'of %s, while the answer passes: no Set-Cookie, and nothing is left behind',
    (hostcall) => {
      const { vm, plugin } = startMooring({ session: {} })
      const passed = pass(plugin)
      vm.inject({ hostcall, status: Status.InternalFailure })
      expect(setCookies(passed)).toEqual([])
    },
  )
})
