import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'

const compiler = new Compiler()

function keyHeaders(configuration: unknown): string[] {
  return compiler.compileKeyHeadersOnly(configuration).keyHeaders
}

describe('a proxy that runs with a broken configuration', () => {
  test('does nothing but remove key headers', () => {
    expect(compiler.compileKeyHeadersOnly('{"session": {"cookie": {"tll": 1}}, "rules": [')).toEqual({
      top: undefined,
      rules: [],
      keyHeaders: ['x-mooring-key'],
      asked: [],
      unreadable: false,
      shapes: 0,
      podHeader: '',
      instance: 'default',
      debug: undefined,
      missingKeys: undefined,
    })
  })

  test.each<[why: string, configuration: unknown, headers: string[]]>([
    ['nothing', '', ['x-mooring-key']],
    ['no JSON', 'session: {}', ['x-mooring-key']],
    ['no object', [1, 2], ['x-mooring-key']],
    ['an unknown field', { sesion: {}, key: { header: 'X-Pod' } }, ['x-mooring-key', 'x-pod']],
    [
      'errors in rules',
      {
        key: { header: 'x-a' },
        rules: [
          { key: { header: 'x-b' } },
          5,
          { key: 7 },
          { key: { header: 'X-A' } },
          { key: { header: 'x-c' } },
        ],
      },
      ['x-mooring-key', 'x-a', 'x-b', 'x-c'],
    ],
    ['a cut after the header', '{"key":{"header":"x-a","from":[', ['x-mooring-key', 'x-a']],
    ['a cut within the header', '{"key":{"header":"x-a', ['x-mooring-key']],
    ['the default itself', { key: { header: 'X-Mooring-Key' } }, ['x-mooring-key']],
    [
      'a field twice',
      '{"key":{"header":"x-a","header":"x-b"},"key":{"header":"x-c"}}',
      ['x-mooring-key', 'x-a', 'x-b', 'x-c'],
    ],
    [
      'headers that may not be key headers',
      {
        key: { header: 'cookie' },
        rules: [{ key: { header: 'a b' } }, { key: { header: 5 } }, { key: { header: 'x'.repeat(129) } }],
      },
      ['x-mooring-key'],
    ],
  ])('removes every key header that can still be read: %s', (_, configuration, headers) => {
    expect(keyHeaders(configuration)).toEqual(headers)
  })

  test('keeps its instance, so that its metrics stay where they were', () => {
    expect(compiler.compileKeyHeadersOnly({ observe: { instance: 'edge' } }).instance).toBe('edge')
    expect(compiler.compileKeyHeadersOnly({ observe: { instance: 'Edge' } }).instance).toBe('default')
    expect(compiler.compileKeyHeadersOnly({ observe: { instance: 'e'.repeat(17) } }).instance).toBe('default')
  })

  test('reads at most 256 KiB and keeps at most 1025 key headers besides the default', () => {
    const start = '{"key":{"header":"x-a"},"padding":"'
    expect(keyHeaders(`${start}${'x'.repeat(300_000)}","rules":[{"key":{"header":"x-b"}}]}`)).toEqual([
      'x-mooring-key',
      'x-a',
    ])
    const rules = Array.from({ length: 1100 }, (_, index) => ({ key: { header: `x-${index}` } }))
    expect(keyHeaders({ rules })).toHaveLength(1026)
  })

  test('leaves the report of the errors as it is', () => {
    const broken = { session: {}, key: { header: 'host' } }
    const policy = compiler.compilePolicy(broken)
    expect(policy).toBe(0)
    const before = compiler.errors
    expect(before).toHaveLength(1)
    compiler.compileKeyHeadersOnlyWithoutReset(broken)
    expect(compiler.errors).toEqual(before)
  })
})
