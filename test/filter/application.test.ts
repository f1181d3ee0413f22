/** `session.application` beside other plugins, where the host refuses, and on bytes that nobody means well. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HeaderList, type LocalReply, Status } from '../../host/index.ts'
import { ENVIRONMENT, K1, K2, ring } from '../session/keys.ts'
import { type Carrier, unwrap, wrap } from '../session/wrapped.ts'
import { Proxy, send } from './chain.ts'
import { type Mooring, counter, pass, requestValues, startMooring } from './mooring.ts'

const KEY = 'x-mooring-key'
const COOKIE: Carrier = { kind: 'cookie', name: 'SID' }
const K = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const LINE = `SID=${wrap(K2, COOKIE, 'abc', K)}`

const application = (fields: object = {}, ...keys: (typeof K1)[]): object => ({
  session: { application: { cookie: 'SID', ...fields }, signing: { keys: ring(...keys, K2) } },
})
const start = (configuration = application()): Mooring =>
  startMooring(configuration, { environment: ENVIRONMENT })

interface Answered {
  readonly set: readonly string[]
  readonly reply: LocalReply | undefined
}

/** A request with a valid suffix, answered with two cookies after `prepare`. */
function answered(mooring: Mooring, prepare: () => void): Answered {
  const { stream } = pass(mooring.plugin, [['cookie', LINE]])
  prepare()
  const { headers } = stream.responseHeaders({
    headers: [
      [':status', '200'],
      ['cache-control', 'no-store'],
      ['set-cookie', 'SID=new'],
      ['set-cookie', 'a=1'],
    ],
    details: 'via_upstream',
  })
  const answer = { set: [...headers.all('set-cookie')], reply: stream.localReply }
  stream.end()
  return answer
}

describe.each([
  ['in one VM', false],
  ['each in a VM of its own', true],
])('two plugins of one carrier, %s', (_, apart) => {
  test('the first alone wraps and unwraps; the second makes no key of what is left', () => {
    const other = { ...application({}, K1), key: { header: 'x-other-key' } }
    const plugins = new Proxy().plugins({ 'shop.a': application(), 'root.b': other }, apart)
    const { seen } = send(plugins, [['cookie', `x=1; ${LINE}`]])
    expect(seen('cookie')).toEqual(['x=1; SID=abc'])
    expect([seen(KEY).length, seen('x-other-key')]).toEqual([1, []])
    const alone = send(new Proxy().plugins({ 'shop.a': application() }), [['cookie', LINE]])
    expect(seen(KEY)).toEqual(alone.seen(KEY))
  })
})

describe('a host that refuses', () => {
  test('to show the request: 431, since a suffix would reach the application', () => {
    const mooring = start()
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_pairs', status: Status.InternalFailure })
    expect(pass(mooring.plugin, [['cookie', LINE]]).stream.localReply?.status).toBe(431)
    expect(counter(mooring, 'session_unreadable')).toBe(1n)
  })

  test('to rewrite the request: 503', () => {
    const mooring = start()
    mooring.vm.inject({ hostcall: 'proxy_replace_header_map_value', status: Status.InternalFailure })
    expect(pass(mooring.plugin, [['cookie', LINE]]).stream.localReply).toMatchObject({
      status: 503,
      details: 'mooring_write_refused',
    })
  })

  test.each([
    ['to show the answer', 'proxy_get_header_map_pairs', '0'],
    ['to replace a line of the answer', 'proxy_replace_header_map_value', '1'],
  ] as const)('%s: it passes as it is', (__, hostcall, refused) => {
    const mooring = start()
    const { set, reply } = answered(mooring, () => {
      mooring.vm.inject({ hostcall, status: Status.InternalFailure })
    })
    expect([set, reply]).toEqual([['SID=new', 'a=1'], undefined])
    expect(counter(mooring, 'write_refused')).toBe(BigInt(refused))
  })

  test('to add a line once the others are gone: 502, rather than an answer that has lost a cookie', () => {
    const mooring = start()
    const { reply } = answered(mooring, () => {
      mooring.vm.inject({ hostcall: 'proxy_add_header_map_value', status: Status.InternalFailure })
    })
    expect(reply).toMatchObject({ status: 502, details: 'mooring_write_refused' })
  })

  test('randomness: no K, no key, nothing is wrapped', () => {
    const mooring = start()
    mooring.vm.inject({ hostcall: 'random_get', status: Status.NotFound })
    const passed = pass(mooring.plugin)
    expect(requestValues(passed, KEY)).toEqual([])
    passed.stream.end()
    expect(counter(mooring, 'session_exhausted')).toBe(1n)
  })
})

const PROVE = process.env['PROVE'] !== undefined
const CASES = PROVE ? 200_000 : 1000
const TIMEOUT = PROVE ? 3_600_000 : 60_000
// What both grammars are made of, and pieces of suffixes.
const noise = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'SID',
        'SID=',
        '=',
        ';',
        '; ',
        '"',
        ' ',
        '\t',
        '~1.',
        '~',
        '.',
        'k2',
        'k9',
        'Max-Age=',
        '0',
        '-',
        ',',
      ),
      fc.constantFrom(LINE, LINE.slice(4), LINE.slice(-47), LINE.slice(8, -1), `${LINE}x`),
      fc.string({
        unit: fc
          .integer({ min: 0x20, max: 0xff })
          .filter((c) => c !== 0x7f)
          .map((c) => String.fromCharCode(c)),
        maxLength: 8,
      }),
    ),
    { maxLength: 12 },
  )
  // A proxy takes the blanks around a header's value away.
  .map((parts) => parts.join('').replace(/^[ \t]+|[ \t]+$/g, ''))

/** Every suffix of the form is taken off the values that Envoy sees as SID. */
function bare(line: string): string {
  return line.replace(/(^|;)( *SID=)([^;]*)/g, (_, before: string, name: string, value: string) => {
    const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    const inside = quoted ? value.slice(1, -1) : value
    const kept = unwrap(inside)?.value ?? inside
    return before + name + (quoted ? `"${kept}"` : kept)
  })
}

test('of a Cookie header whatever it is nothing is lost but suffixes', { timeout: TIMEOUT }, () => {
  const mooring = start()
  fc.assert(
    fc.property(
      fc.array(
        noise.filter((line) => line !== ''),
        { minLength: 1, maxLength: 3 },
      ),
      (lines) => {
        const passed = pass(
          mooring.plugin,
          lines.map((line) => ['cookie', line] as const),
        )
        passed.stream.end()
        const expected = lines.map(bare)
        expect(requestValues(passed, 'cookie').join('; ')).toBe(expected.join('; '))
      },
    ),
    { numRuns: CASES },
  )
  expect(mooring.vm.failure).toBeUndefined()
})

test(
  'of Set-Cookie lines whatever they are nothing is lost, and suffixes alone are added',
  { timeout: TIMEOUT },
  () => {
    const mooring = start()
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 4 }), (lines) => {
        const { stream } = pass(mooring.plugin, [['cookie', LINE]])
        const headers: HeaderList = [
          [':status', '200'],
          ...lines.map((line) => ['set-cookie', line] as const),
        ]
        const left = [
          ...stream.responseHeaders({ headers, details: 'via_upstream' }).headers.all('set-cookie'),
        ]
        stream.end()
        const suffix = /~1\.k2\.ABEiM0RVZneImaq7zN3u_w\.[\w-]{22}/g
        expect(left).toHaveLength(lines.length)
        for (const [i, line] of left.entries()) {
          const original = lines[i] ?? ''
          const without = [...line.matchAll(suffix)].map(
            ({ index, 0: { length } }) => line.slice(0, index) + line.slice(index + length),
          )
          expect([line, ...without]).toContain(original)
        }
      }),
      { numRuns: CASES },
    )
    expect(mooring.vm.failure).toBeUndefined()
  },
)
