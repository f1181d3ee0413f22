import { describe, expect, test } from 'vitest'
import { PluginRefusedError, Status, Vm } from '../../host/index.ts'
import { counter, logText, mooringModule, pass, requestValues, startMooring, startPlugin } from './mooring.ts'

const FORGED: [string, string][] = [
  ['x-mooring-key', 'forged'],
  ['X-Mooring-Key', 'forged-too'],
]

describe("a client's key header never survives", () => {
  const configurations: [string, object][] = [
    ['where a key is written', { session: {} }],
    ['where none is found', { key: { from: [{ header: 'x-absent' }] } }],
    [
      'where no key is wanted',
      { session: {}, rules: [{ name: 'r', match: { paths: ['/'] }, key: { skip: true } }] },
    ],
    ['under skip', { session: {}, rules: [{ name: 'r', match: { paths: ['/'] }, skip: true }] }],
    [
      'where another rule has another header',
      {
        session: {},
        key: { header: 'x-other-key' },
        rules: [{ name: 'r', match: { paths: ['/never'] }, key: { header: 'x-mooring-key' } }],
      },
    ],
  ]

  test.each(configurations)('%s', (_, configuration) => {
    const { plugin } = startMooring(configuration)
    const passed = pass(plugin, FORGED)
    const values = requestValues(passed, 'x-mooring-key')
    expect(values.length).toBeLessThanOrEqual(1)
    expect(values).not.toContain('forged')
    expect(values).not.toContain('forged-too')
    passed.stream.end()
  })

  test('when the host refuses to replace it: it is removed', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'proxy_replace_header_map_value', status: Status.InternalFailure })
    const passed = pass(mooring.plugin, [...FORGED, ['cookie', 'ISTIOID=abc']])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(passed.request.localReply).toBeUndefined()
    passed.stream.end()
    expect(counter(mooring, 'write_refused')).toBe(1n)
  })

  test('when the host refuses to remove it as well: the request does not pass', () => {
    const mooring = startMooring({ session: {} })
    mooring.vm.inject({ hostcall: 'proxy_replace_header_map_value', status: Status.InternalFailure })
    mooring.vm.inject({ hostcall: 'proxy_remove_header_map_value', status: Status.InternalFailure })
    const { request, stream } = pass(mooring.plugin, [...FORGED, ['cookie', 'ISTIOID=abc']])
    expect(request.localReply?.status).toBe(503)
    expect(request.localReply?.details).toBe('mooring_write_refused')
    expect(Buffer.from(request.localReply?.body ?? '').toString()).toBe(
      'The request could not be prepared for routing.\n',
    )
    stream.end()
  })
})

describe('shadow', () => {
  test('changes nothing on the wire, and counts what it would have done', () => {
    const mooring = startMooring({ mode: 'shadow', session: {}, key: { onNone: 'reject' } })
    const before = [...FORGED, ['cookie', 'a=1; ISTIOID=; b=2']] as [string, string][]
    const passed = pass(mooring.plugin, before)
    expect(requestValues(passed, 'x-mooring-key')).toEqual(['forged', 'forged-too'])
    expect(requestValues(passed, 'cookie')).toEqual(['a=1; ISTIOID=; b=2'])
    expect(passed.stream.responseHeaders().headers.all('set-cookie')).toEqual([])
    passed.stream.end()
    expect(counter(mooring, 'requests_shadowed')).toBe(1n)
    expect(counter(mooring, 'session_replaced')).toBe(1n)
    expect(counter(mooring, 'key_session')).toBe(1n)
  })

  test('refuses nothing', () => {
    const mooring = startMooring({ mode: 'shadow', key: { from: [{ header: 'x-a' }], onNone: 'reject' } })
    const passed = pass(mooring.plugin)
    expect(passed.request.localReply).toBeUndefined()
    passed.stream.end()
    expect(counter(mooring, 'key_rejected')).toBe(1n)
  })
})

describe('a bad configuration', () => {
  const bad = { session: { coookie: {} }, key: { header: 'x-my-key' } }

  test('is refused, with every error in the log', () => {
    const vm = new Vm(mooringModule)
    expect(() => startPlugin(vm, bad)).toThrow(PluginRefusedError)
    expect(logText(vm)).toContain('unknown_field at /session/coookie')
  })

  test('takes up no room: after a thousand of them a good one is accepted', () => {
    const vm = new Vm(mooringModule)
    expect(() => startPlugin(vm, bad)).toThrow(PluginRefusedError)
    const afterOne = vm.memory.size
    for (let i = 1; i < 1000; i++) expect(() => startPlugin(vm, bad)).toThrow(PluginRefusedError)
    expect(vm.memory.size).toBe(afterOne)
    const passed = pass(startPlugin(vm, { session: {} }))
    expect(requestValues(passed, 'x-mooring-key')).toHaveLength(1)
    passed.stream.end()
  })

  test('leaves the one before in force', () => {
    const { plugin } = startMooring({ session: {}, key: { format: 'raw' } })
    expect(() => plugin.replace({ rootId: 'mooring', configuration: JSON.stringify(bad) })).toThrow(
      PluginRefusedError,
    )
    const passed = pass(plugin, [['cookie', 'ISTIOID=abc']])
    expect(requestValues(passed, 'x-mooring-key')).toEqual(['abc'])
    passed.stream.end()
  })

  test('passes everything through where the environment says so, but no key header of a client', () => {
    const mooring = startMooring(bad, { environment: { MOORING_ON_BAD_CONFIG: 'passThrough' } })
    const passed = pass(mooring.plugin, [...FORGED, ['x-my-key', 'forged'], ['cookie', 'ISTIOID=']])
    expect(requestValues(passed, 'x-mooring-key')).toEqual([])
    expect(requestValues(passed, 'x-my-key')).toEqual([])
    expect(requestValues(passed, 'cookie')).toEqual(['ISTIOID='])
    expect(passed.stream.responseHeaders().headers.all('set-cookie')).toEqual([])
    passed.stream.end()
    expect(counter(mooring, 'passed_through')).toBe(1n)
    const log = logText(mooring.vm)
    expect(log).toContain('unknown_field at /session/coookie')
    expect(log).toContain('mooring: passing everything through, since MOORING_ON_BAD_CONFIG is passThrough')
  })

  test.each(['reject', 'passthrough', ''])('is refused where the environment says %j', (choice) => {
    const vm = new Vm(mooringModule, { environment: { MOORING_ON_BAD_CONFIG: choice } })
    expect(() => startPlugin(vm, bad)).toThrow(PluginRefusedError)
  })
})

test('no byte of a request, a claim or a secret is in any log line', () => {
  const secret = Buffer.alloc(32, 'S3CRET-').toString('base64')
  const mooring = startMooring(
    { session: {}, key: { from: [{ header: 'x-user' }, 'session'], hashSecret: { env: 'SECRET' } } },
    { environment: { SECRET: secret } },
  )
  const before = logText(mooring.vm)
  pass(mooring.plugin, [
    ['x-user', 'alice'],
    ['cookie', 'ISTIOID=bad value'],
  ]).stream.end()
  expect(logText(mooring.vm)).toBe(before)
  expect(before).not.toContain(secret.slice(0, 8))
})
