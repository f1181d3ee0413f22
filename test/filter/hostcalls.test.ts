/**
 * What a request costs: each hostcall crosses the boundary between Envoy and Wasm, and that is most of a filter's
 * price. The numbers are exact, so that none is added unnoticed.
 */
import { describe, expect, test } from 'vitest'
import { type HeaderList, type PropertyTree } from '../../host/index.ts'
import { pass, setCookies, startMooring } from './mooring.ts'
import { ENVIRONMENT, SIGNING, mintToken } from './signing.ts'

type Calls = Readonly<Record<string, number>>

const GET = 'proxy_get_header_map_value'
const PAIRS = 'proxy_get_header_map_pairs'
const REPLACE = 'proxy_replace_header_map_value'
const REMOVE = 'proxy_remove_header_map_value'
const PROPERTY = 'proxy_get_property'
const ADD = 'proxy_add_header_map_value'

const SESSION: HeaderList = [['cookie', 'theme=dark; ISTIOID=ABEiM0RVZneImaq7zN3u_w; lang=en']]
// The answer is looked at for what it says to caches, and told to be private where it says nothing.
const VISIT = { [PROPERTY]: 1, [PAIRS]: 1, [ADD]: 2 }
const RULE = { name: 'r', match: { hosts: ['a.com'], paths: ['/x'], methods: ['PUT'] } }
const ADDRESS = { source: { address: '10.1.2.3:443' } }

/** The hostcalls of one request and its answer, sent after another that has filled the pool of random bytes. */
function callsOf(
  configuration: object,
  headers: HeaderList,
  properties: PropertyTree = ADDRESS,
): { request: Calls; answer: Calls } {
  const { vm, plugin } = startMooring(configuration, { environment: ENVIRONMENT })
  setCookies(pass(plugin, headers, properties))
  vm.hostcalls.reset()
  const passed = pass(plugin, headers, properties)
  const request = vm.hostcalls.all()
  vm.hostcalls.reset()
  setCookies(passed)
  return { request, answer: vm.hostcalls.all() }
}

describe('a request that brings its session costs', () => {
  test.each<[string, object, HeaderList, Calls]>([
    ['one read and one write', { session: {} }, SESSION, { [GET]: 1, [REPLACE]: 1 }],
    ['one read without a key header', { session: {}, key: { skip: true } }, SESSION, { [GET]: 1 }],
    [
      'one read and one removal where a key header is named and left out',
      { session: {}, key: { header: 'x-k', skip: true } },
      SESSION,
      { [GET]: 1, [REMOVE]: 1 },
    ],
    ['one read in shadow', { mode: 'shadow', session: {} }, SESSION, { [GET]: 1 }],
    [
      'all headers at once where the first Cookie entry has no session',
      { session: {} },
      [['cookie', 'a=1'], ...SESSION],
      { [GET]: 1, [PAIRS]: 1, [REPLACE]: 1 },
    ],
    [
      'all headers at once and one more write where it has to be put right',
      { session: {} },
      [['cookie', 'ISTIOID=; ISTIOID=a']],
      { [GET]: 1, [PAIRS]: 1, [REPLACE]: 2 },
    ],
    [
      'one more read for the one thing that rules look at',
      { session: {}, rules: [{ name: 'r', match: { paths: ['/other'] }, skip: true }] },
      SESSION,
      { [GET]: 2, [REPLACE]: 1 },
    ],
    [
      'all headers at once for several things that rules look at',
      { session: {}, rules: [RULE, RULE].map((rule, i) => ({ ...rule, name: `r${i}`, mode: 'shadow' })) },
      SESSION,
      { [PAIRS]: 1, [REPLACE]: 1 },
    ],
    [
      'all headers at once for a host and a header that rules look at',
      {
        session: {},
        rules: [
          {
            name: 'r',
            match: { hosts: ['other.com'], headers: [{ name: 'x-a', exact: '1' }] },
            skip: true,
          },
        ],
      },
      SESSION,
      { [PAIRS]: 1, [REPLACE]: 1 },
    ],
    [
      'all headers at once, however many names rules look at',
      {
        session: {},
        rules: ['x-a', 'x-b', 'x-c'].map((name) => ({
          name,
          match: { headers: [{ name, present: true }] },
          mode: 'shadow',
        })),
      },
      SESSION,
      { [PAIRS]: 1, [REPLACE]: 1 },
    ],
    [
      'one read of the service that the route picks',
      { session: {}, rules: [{ name: 'r', match: { services: ['a', '*.b'] }, skip: true }] },
      SESSION,
      { [GET]: 1, [PROPERTY]: 1, [REPLACE]: 1 },
    ],
    [
      'nothing for rules of other namespaces',
      {
        session: {},
        rules: [
          {
            name: 'r',
            match: { namespaces: ['other'], services: ['*'], headers: [{ name: 'x-a', exact: '1' }] },
            skip: true,
          },
        ],
      },
      SESSION,
      { [GET]: 1, [REPLACE]: 1 },
    ],
    [
      'one removal for each further key header',
      { session: {}, rules: [{ ...RULE, key: { header: 'x-a' } }] },
      SESSION,
      { [PAIRS]: 1, [REPLACE]: 1, [REMOVE]: 1 },
    ],
  ])('%s', (_, configuration, headers, request) => {
    expect(callsOf(configuration, headers)).toEqual({ request, answer: {} })
  })

  test('all headers at once and one more write where it is signed: the router sees the bare id', () => {
    const configuration = { session: { signing: SIGNING } }
    const cookie: HeaderList = [
      ['x-forwarded-proto', 'https'],
      ['cookie', mintToken(configuration)],
    ]
    expect(callsOf(configuration, cookie)).toEqual({
      request: { [PAIRS]: 1, [REPLACE]: 2 },
      answer: {},
    })
  })

  test('two reads for the scheme under renew: always, and a Set-Cookie for each answer', () => {
    const configuration = { session: { cookie: { renew: 'always' } } }
    expect(callsOf(configuration, SESSION)).toEqual({ request: { [GET]: 3, [REPLACE]: 1 }, answer: VISIT })
  })
})

describe('a first visit costs', () => {
  test.each<[string, object, HeaderList, Calls]>([
    [
      'a look for the cookie, one at all headers, and writes of cookie and key',
      { session: {} },
      [],
      { [GET]: 1, [PAIRS]: 1, [REPLACE]: 2 },
    ],
    [
      'no more where there are other cookies',
      { session: {} },
      [['cookie', 'a=1']],
      { [GET]: 1, [PAIRS]: 1, [REPLACE]: 2 },
    ],
    [
      'no more where the session is signed',
      { session: { signing: SIGNING } },
      [],
      { [PAIRS]: 1, [REPLACE]: 2 },
    ],
  ])('%s', (_, configuration, headers, request) => {
    expect(callsOf(configuration, headers)).toEqual({ request, answer: VISIT })
  })

  test('one call for random bytes in 16 visits', () => {
    const { vm, plugin } = startMooring({ session: {} })
    for (let visits = 1; visits <= 64; visits++) {
      setCookies(pass(plugin))
      expect(vm.hostcalls.of('random_get')).toBe(Math.ceil(visits / 16))
    }
  })
})

describe('a key costs one write, and for its source', () => {
  test.each<[string, object | string, HeaderList, Calls]>([
    ['nothing where it is constant', { constant: 'x' }, [], {}],
    ['one read of a cookie', { cookie: 'sid' }, [['cookie', 'sid=7']], { [GET]: 1 }],
    ['one read of the path', { query: 'u' }, [[':path', '/?u=7']], { [GET]: 1 }],
    ['one read of the address', 'address', [], { [PROPERTY]: 1 }],
    [
      'one read of a header: all of them, since there may be several',
      { header: 'x-u' },
      [['x-u', '7']],
      { [PAIRS]: 1 },
    ],
    [
      'one read of any number of headers, be they there or not, and of the path behind them',
      { firstOf: [{ header: 'x-t' }, { all: [{ header: 'x-u' }, { header: 'x-v' }, { path: '/{a}' }] }] },
      [
        ['x-u', '7'],
        ['x-v', '8'],
        [':path', '/9'],
      ],
      { [PAIRS]: 1 },
    ],
    [
      'one read of joined headers',
      { header: { name: 'x-u', repeated: 'join' } },
      [['x-u', '7']],
      { [PROPERTY]: 1 },
    ],
  ])('%s', (_, source, headers, reads) => {
    expect(callsOf({ key: { from: [source] } }, headers)).toEqual({
      request: { ...reads, [REPLACE]: 1 },
      answer: {},
    })
  })

  test('one read of a claim, and where there is none one removal', () => {
    expect(callsOf({ key: { from: [{ claim: 'sub' }] } }, [])).toEqual({
      request: { [PROPERTY]: 1, [REMOVE]: 1 },
      answer: {},
    })
  })
})

describe('a session behind a claim and a composite costs', () => {
  const configuration = {
    session: {},
    key: {
      from: [{ claim: 'sub' }, { all: [{ header: 'x-tenant' }, { path: '/carts/{cart}/**' }] }, 'session'],
    },
  }
  const payload = { sub: 'alice' }
  const CLAIM = { metadata: { filter_metadata: { 'envoy.filters.http.jwt_authn': { payload } } } }
  const VISIT_TO_CART: HeaderList = [...SESSION, [':path', '/carts/7/items']]

  test.each<[string, HeaderList, PropertyTree, Calls]>([
    ['two reads where the claim wins', VISIT_TO_CART, CLAIM, { [PAIRS]: 1, [PROPERTY]: 1 }],
    [
      'two reads where tenant and path win',
      [...VISIT_TO_CART, ['x-tenant', 'acme']],
      ADDRESS,
      { [PAIRS]: 1, [PROPERTY]: 1 },
    ],
    ['two reads where the session wins', VISIT_TO_CART, ADDRESS, { [PAIRS]: 1, [PROPERTY]: 1 }],
  ])('%s, and one write', (_, headers, properties, reads) => {
    expect(callsOf(configuration, headers, properties)).toEqual({
      request: { ...reads, [REPLACE]: 1 },
      answer: {},
    })
  })
})

test('a stream that never reaches the filter costs nothing, nor does what comes after its answer', () => {
  const { vm, plugin } = startMooring({ session: {} })
  const passed = pass(plugin)
  passed.stream.responseHeaders()
  const before = vm.hostcalls.total
  plugin.stream().end()
  passed.stream.responseBody('body', { endOfStream: true })
  passed.stream.end()
  expect(vm.hostcalls.total).toBe(before)
})
