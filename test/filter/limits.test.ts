import { describe, expect, test } from 'vitest'
import { LogLevel, PluginRefusedError, Vm } from '../../host/index.ts'
import { mooringModule, pass, requestValues, startMooring, startPlugin } from './mooring.ts'

/** A valid configuration of 77 KB that would compile to more than 1 MiB: each rule has sources and a cookie of its own. */
function oversizedPolicy(): object {
  const from = Array.from({ length: 16 }, () => ({ claim: 'a' }))
  const cookie = { path: `/${'p'.repeat(1023)}`, domain: `${'d.'.repeat(120)}com` }
  const rules = Array.from({ length: 256 }, (_, i) => ({
    name: `r${i}`,
    match: { paths: ['/a'] },
    session: {},
    key: { from },
  }))
  return { session: { cookie }, key: { from }, rules }
}

describe('a policy of more than 1 MiB', () => {
  test('is refused with one error, and never traps', () => {
    const vm = new Vm(mooringModule)
    expect(() => startPlugin(vm, oversizedPolicy())).toThrow(PluginRefusedError)
    expect(vm.failure).toBeUndefined()
    expect(vm.logs.messages(LogLevel.Error)).toEqual([
      'too_large at (root): the compiled configuration needs more than 1 MiB, or the proxy has no memory for it',
    ])
  })

  test('leaves a plugin that runs already as it was, and later ones all the room', () => {
    const { vm, plugin } = startMooring({ session: {} })
    for (let i = 0; i < 5; i++) expect(() => startPlugin(vm, oversizedPolicy())).toThrow(PluginRefusedError)
    const size = vm.memory.size
    for (let i = 0; i < 5; i++) expect(() => startPlugin(vm, oversizedPolicy())).toThrow(PluginRefusedError)
    expect(vm.memory.size).toBe(size)
    expect(requestValues(pass(plugin), 'x-mooring-key')).toHaveLength(1)
  })
})

describe('a path of octets that stand as their escapes once it is normalised', () => {
  test.each(['/api/\xe4', '/api/\xff\xff\xff\xff', '/api/a b', '/api/"', `/api/${'\x80'.repeat(8000)}`])(
    'is no way around a path rule: %j',
    (path) => {
      const { plugin } = startMooring({
        key: { from: [{ constant: 'top' }], format: 'raw' },
        rules: [{ name: 'api', match: { paths: ['/api/**'] }, key: { from: [{ constant: 'rule' }] } }],
      })
      expect(requestValues(pass(plugin, [[':path', path]]), 'x-mooring-key')).toEqual(['rule'])
    },
  )
})
