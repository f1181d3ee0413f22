import { describe, expect, test } from 'vitest'
import type { HeaderList, PropertyTree } from '../../host/index.ts'
import { HEADER, keysOf, verified } from './key-of.ts'
import { counter, pass, requestValues, startMooring } from './mooring.ts'

describe('format: raw', () => {
  const cases: [string, object | string, HeaderList, PropertyTree, readonly string[]][] = [
    ['plain text as it is', { header: 'x-a' }, [['x-a', 'user-7!~']], {}, ['user-7!~']],
    ['all else as %XX', { header: 'x-a' }, [['x-a', 'a b,c%d\u00e9']], {}, ['a%20b%2Cc%25d%E9']],
    ['a number in decimal', { claim: { name: 'n', type: 'number' } }, [], verified({ n: -42 }), ['-42']],
    ['a boolean', { claim: { name: 'b', type: 'boolean' } }, [], verified({ b: false }), ['false']],
    ['a list', { claim: { name: 'l', type: 'list' } }, [], verified({ l: ['a,b', 'c'] }), ['a%2Cb,c']],
    ['an IPv4 address', 'address', [], { source: { address: '192.0.2.7:1' } }, ['192.0.2.7']],
    [
      'an IPv6 address',
      'address',
      [],
      { source: { address: '[2001:db8::1]:1' } },
      ['2001:0db8:0000:0000:0000:0000:0000:0001'],
    ],
    ['256 bytes', { header: 'x-a' }, [['x-a', 'x'.repeat(256)]], {}, ['x'.repeat(256)]],
  ]

  test.each(cases)('%s', (_, source, headers, properties, expected) => {
    expect(keysOf({ from: [source], format: 'raw' }, headers, properties)).toEqual(expected)
  })

  test.each<[string, object, HeaderList, PropertyTree, string]>([
    [
      'a number with a fraction',
      { claim: { name: 'n', type: 'number' } },
      [],
      verified({ n: 0.5 }),
      'source_malformed',
    ],
    ['257 bytes', { header: 'x-a' }, [['x-a', 'x'.repeat(257)]], {}, 'source_too_large'],
    [
      '257 bytes with their escapes',
      { header: 'x-a' },
      [['x-a', `${'%'.repeat(85)}xx`]],
      {},
      'source_too_large',
    ],
    [
      'a list of one empty item',
      { claim: { name: 'l', type: 'list' } },
      [],
      verified({ l: [''] }),
      'source_absent',
    ],
  ])(
    '%s yields nothing, is counted as such, and the next is tried',
    (_, source, headers, properties, reason) => {
      const mooring = startMooring({ key: { from: [source, { constant: 'next' }], format: 'raw' } })
      const passed = pass(mooring.plugin, headers, properties)
      expect(requestValues(passed, HEADER)).toEqual(['next'])
      passed.stream.end()
      const reasons = ['source_absent', 'source_malformed', 'source_too_large', 'source_unreadable']
      const counted = reasons.map((name) => [name, counter(mooring, name)])
      expect(counted).toEqual(reasons.map((name) => [name, name === reason ? 1n : 0n]))
    },
  )

  test("a session by its cookie's text", () => {
    const { plugin } = startMooring({ session: {}, key: { format: 'raw' } })
    const passed = pass(plugin, [['cookie', 'ISTIOID=ABEiM0RVZneImaq7zN3u_w']])
    expect(requestValues(passed, HEADER)).toEqual(['ABEiM0RVZneImaq7zN3u_w'])
    passed.stream.end()
  })

  test('a claim with CR and LF never as a line of its own', () => {
    expect(keysOf({ from: [{ claim: 'sub' }], format: 'raw' }, [], verified({ sub: 'a\r\nx: y' }))).toEqual(
      [],
    )
  })
})
