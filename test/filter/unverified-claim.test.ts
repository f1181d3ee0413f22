/** Claims of tokens that nobody has verified: every rule of docs/keys.md, "Unverified tokens". */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type HeaderList, Status } from '../../host/index.ts'
import { HEADER as KEY, verified } from './key-of.ts'
import { HASH_SECRET, type Mooring, counter, pass, requestValues, startMooring } from './mooring.ts'
import { allNode, booleanNode, keyedKey, listNode, numberNode, textNode } from './reference-key.ts'
import { HEADER, base64url, tokenOf } from './token.ts'

const hashSecret = { env: 'SECRET' }
const ALICE = tokenOf({ sub: 'alice' })
const aliceKey = keyedKey(textNode('unverified-claim:/sub', 'alice'), HASH_SECRET)
const bearer = (token: string): HeaderList => [['authorization', `Bearer ${token}`]]

type Fields = Record<string, unknown>

const unverified = (fields: Fields = {}) => ({ claim: { name: 'sub', token: 'unverified', ...fields } })

function start(...from: object[]): Mooring {
  return startMooring({ key: { hashSecret, from } }, { environment: { SECRET: HASH_SECRET } })
}

/** The keys of a request, and under what the source counted where there is none. */
function outcome(source: object, headers: HeaderList): readonly string[] {
  const mooring = start(source)
  const passed = pass(mooring.plugin, headers)
  const keys = requestValues(passed, KEY)
  passed.stream.end()
  if (keys.length > 0) {
    expect(counter(mooring, 'key_claim')).toBe(1n)
    return keys
  }
  expect(counter(mooring, 'key_none')).toBe(1n)
  return ['absent', 'malformed', 'too_large', 'unreadable'].filter(
    (reason) => counter(mooring, `source_${reason}`) === 1n,
  )
}

/** The same for a payload, whatever the claim. */
const ofPayload = (payload: object | string, fields: Fields = {}): readonly string[] =>
  outcome(unverified(fields), bearer(tokenOf(payload)))

describe('a token is read from', () => {
  test.each<[where: string, fields: Fields, headers: HeaderList]>([
    ['authorization', {}, bearer(ALICE)],
    ['authorization, named', { in: { header: 'Authorization' } }, bearer(ALICE)],
    ['authorization, its scheme in any case', {}, [['authorization', `bEARER ${ALICE}`]]],
    ['authorization, behind several blanks', {}, [['authorization', `Bearer   ${ALICE}`]]],
    ['another header', { in: { header: 'X-Token' } }, [['x-token', ALICE]]],
    ['another header with the scheme', { in: { header: 'x-token' } }, [['x-token', `Bearer ${ALICE}`]]],
    ['a query parameter', { in: { query: 'id_token' } }, [[':path', `/a?x=1&id_token=${ALICE}&id_token=x`]]],
    ['a cookie', { in: { cookie: 'jwt' } }, [['cookie', `a=1; jwt=${ALICE}; jwt=x`]]],
    ['a cookie in quotes', { in: { cookie: 'jwt' } }, [['cookie', `jwt="${ALICE}"`]]],
    [
      'a cookie of a later line',
      { in: { cookie: 'jwt' } },
      [
        ['cookie', 'a=1'],
        ['cookie', `jwt=${ALICE}`],
      ],
    ],
  ])('%s', (_, fields, headers) => {
    expect(outcome(unverified(fields), headers)).toEqual([aliceKey])
  })

  test.each<[why: string, fields: Fields, headers: HeaderList, reason: string]>([
    ['no header', {}, [], 'absent'],
    ['an empty header', {}, [['authorization', '']], 'absent'],
    ['no query', { in: { query: 't' } }, [[':path', `/?s=${ALICE}`]], 'absent'],
    ['an empty query', { in: { query: 't' } }, [[':path', `/?t&t=${ALICE}`]], 'absent'],
    ['no cookie', { in: { cookie: 't' } }, [['cookie', `s=${ALICE}`]], 'absent'],
    ['an empty cookie', { in: { cookie: 't' } }, [['cookie', `t=; t=${ALICE}`]], 'absent'],
    ['authorization without a scheme', {}, [['authorization', ALICE]], 'malformed'],
    ['authorization with another scheme', {}, [['authorization', `Basic ${ALICE}`]], 'malformed'],
    ['authorization with a longer scheme', {}, [['authorization', `Bearers ${ALICE}`]], 'malformed'],
    ['authorization without a blank', {}, [['authorization', `Bearer${ALICE}`]], 'malformed'],
    ['authorization with a tab', {}, [['authorization', `Bearer\t${ALICE}`]], 'malformed'],
    ['authorization with the scheme alone', {}, [['authorization', 'Bearer']], 'malformed'],
    [
      'two headers',
      {},
      [
        ['authorization', `Bearer ${ALICE}`],
        ['authorization', `Bearer ${ALICE}`],
      ],
      'malformed',
    ],
    ['a scheme in a query', { in: { query: 't' } }, [[':path', `/?t=Bearer%20${ALICE}`]], 'malformed'],
    ['a scheme in a cookie', { in: { cookie: 't' } }, [['cookie', `t=Bearer ${ALICE}`]], 'malformed'],
    [
      'an encoded query',
      { in: { query: 't' } },
      [[':path', `/?t=${ALICE.replaceAll('.', '%2E')}`]],
      'malformed',
    ],
  ])('nowhere where there is %s', (_, fields, headers, reason) => {
    expect(outcome(unverified(fields), headers)).toEqual([reason])
  })

  test('nowhere where the proxy refuses to show the header', () => {
    const mooring = start(unverified())
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_pairs', status: Status.InternalFailure })
    const passed = pass(mooring.plugin, bearer(ALICE))
    expect(requestValues(passed, KEY)).toEqual([])
    passed.stream.end()
    expect(counter(mooring, 'source_unreadable')).toBe(1n)
  })

  test('a request whose cookies others read too, and leaves them as they are', () => {
    const escaped = tokenOf(String.raw`{"sub":"\u0061lice"}`)
    const line = `jwt=${escaped}`
    const mooring = start({
      all: [unverified({ in: { cookie: 'jwt' } }), { cookie: 'jwt' }, unverified({ in: { cookie: 'jwt' } })],
    })
    const passed = pass(mooring.plugin, [['cookie', line]])
    const claim = textNode('unverified-claim:/sub', 'alice')
    expect(requestValues(passed, KEY)).toEqual([
      keyedKey(allNode(claim, textNode('cookie:jwt', escaped), claim), HASH_SECRET),
    ])
    expect(requestValues(passed, 'cookie')).toEqual([line])
    passed.stream.end()
  })
})

describe('the table of docs/keys.md', () => {
  const rows = [
    ...readFileSync('docs/keys.md', 'utf8').matchAll(
      /^\| `(\{.*\})` \| `(.*)` \| (string|number|boolean|list) \| (?:`([snlt])` `(.*)`|(\w+)) \|$/gm,
    ),
  ].map(([, payload = '', name = '', type = '', encoding = '', value = '', nothing]) => {
    const names = parse(name) as string | string[]
    const label = `unverified-claim:/${[names].flat().join('/')}`
    const encoders: Record<string, () => Buffer> = {
      s: () => textNode(label, JSON.parse(value) as string),
      n: () => numberNode(label, Number(value)),
      t: () => booleanNode(label, value === 'true'),
      l: () => listNode(label, JSON.parse(value) as string[]),
    }
    const node = encoders[encoding]?.()
    return { payload, name: names, type, expected: node ? keyedKey(node, HASH_SECRET) : nothing }
  })

  test('is there', () => {
    expect(rows).toHaveLength(15)
  })

  test.each(rows)('$name of $payload', ({ payload, name, type, expected }) => {
    expect(ofPayload(payload, { name, type })).toEqual([expected])
  })
})

describe('a token that is none of docs/keys.md is malformed, though the claim is in it', () => {
  const payload = base64url('{"sub":"alice"}')
  const headerOf = (header: string): string => `${base64url(header)}.${payload}.`
  const deep = (levels: number): string =>
    `{"sub":"alice","a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
  const wide = (members: number): string =>
    `{"sub":"alice"${Array.from({ length: members - 1 }, (_, index) => `,"n${index}":0`).join('')}}`

  test.each<[why: string, token: string]>([
    ['two parts', `${HEADER}.${payload}`],
    ['four parts', `${HEADER}.${payload}..`],
    ['an empty header', `.${payload}.`],
    ['an empty payload', `${HEADER}..`],
    ['padding', `${HEADER}.${base64url('{"sub":"alice"} ')}==.`],
    [
      'bits in the payload that no byte needs',
      `${HEADER}.${base64url('{"sub":"alice"} ').replace(/A$/, 'B')}.`,
    ],
    ['bits in the signature that no byte needs', `${HEADER}.${payload}.YR`],
    ['a signature that is no base64url', `${HEADER}.${payload}.a+b/`],
    ['a header with crit', headerOf('{"alg":"none","crit":["exp"]}')],
    ['a header that is no JSON', headerOf('{"alg":none}')],
    ['a header with a name twice', headerOf('{"alg":"none","alg":"ES256"}')],
    ['a header 17 deep', headerOf(`{"a":${'['.repeat(16)}${']'.repeat(16)}}`)],
    ['a payload 17 deep', tokenOf(deep(17))],
    ['a payload of 65 members', tokenOf(wide(65))],
    ['a name twice', tokenOf('{"sub":"alice","sub":"alice"}')],
    ['a name twice, once escaped', tokenOf(String.raw`{"sub":"alice","s\u0075b":"bob"}`)],
    ['another name twice, further in', tokenOf('{"sub":"alice","a":[{"b":1,"b":1}]}')],
    ['bytes behind the payload', tokenOf('{"sub":"alice"}x')],
    ['a second object', tokenOf('{"sub":"alice"}{}')],
    [
      'bytes that are no UTF-8',
      `${HEADER}.${base64url(Buffer.from('{"sub":"alice","a":"\xff"}', 'latin1'))}.`,
    ],
    ['a lone surrogate', tokenOf(String.raw`{"sub":"alice","a":"\ud800"}`)],
    ['a number of 65 characters', tokenOf(`{"sub":"alice","a":${'1'.repeat(65)}}`)],
    ['a byte order mark', tokenOf('\ufeff{"sub":"alice"}')],
    ['a list around it', tokenOf('[{"sub":"alice"}]')],
  ])('%s', (_, token) => {
    expect(outcome(unverified(), bearer(token))).toEqual(['malformed'])
  })

  test.each<[what: string, token: string]>([
    ['an empty signature', `${HEADER}.${payload}.`],
    ["a signature that is nobody's", `${HEADER}.${payload}.c2lnbmF0dXJl`],
    ['a header without alg', headerOf('{}')],
    ['a time that is over', tokenOf('{"exp":1,"sub":"alice"}')],
    ['blanks around its objects', `${base64url(' {} ')}.${base64url('\n{ "sub" : "alice" }\t')}.`],
    ['16 deep', tokenOf(deep(16))],
    ['64 members', tokenOf(wide(64))],
    ['a number of 64 characters', tokenOf(`{"sub":"alice","a":${'1'.repeat(64)}}`)],
    ['crit in its payload', tokenOf('{"crit":1,"sub":"alice"}')],
  ])('but not %s', (_, token) => {
    expect(outcome(unverified(), bearer(token))).toEqual([aliceKey])
  })
})

describe('a token has at most 8,192 bytes', () => {
  const signed = (length: number): string => `${ALICE}${'A'.repeat(length - ALICE.length)}`

  test.each<[length: number, outcome: string]>([
    [8192, aliceKey],
    [8193, 'too_large'],
    [40_000, 'too_large'],
  ])('%d', (length, expected) => {
    // Of a signature only whole bytes are canonical.
    const token = signed(length)
    expect((token.length - ALICE.length) % 4).not.toBe(1)
    expect(outcome(unverified(), bearer(token))).toEqual([expected])
    expect(outcome(unverified({ in: { cookie: 't' } }), [['cookie', `t=${token}`]])).toEqual([expected])
  })

  test('its claim at most 4,096', () => {
    const text = 'x'.repeat(4096)
    expect(ofPayload({ sub: text })).toEqual([keyedKey(textNode('unverified-claim:/sub', text), HASH_SECRET)])
    expect(ofPayload({ sub: `${text}x` })).toEqual(['too_large'])
    const items = Array.from({ length: 1023 }, () => '')
    expect(ofPayload({ sub: items }, { type: 'list' })).toEqual([
      keyedKey(listNode('unverified-claim:/sub', items), HASH_SECRET),
    ])
    expect(ofPayload({ sub: [...items, ''] }, { type: 'list' })).toEqual(['too_large'])
  })
})

describe('a claim of another type than stated is malformed', () => {
  const VALUES: Record<string, string> = {
    string: '"a"',
    number: '1',
    boolean: 'true',
    list: '["a"]',
    null: 'null',
    object: '{"a":"b"}',
  }
  const pairs = ['string', 'number', 'boolean', 'list'].flatMap((type) =>
    Object.keys(VALUES).map((kind) => [type, kind] as const),
  )

  test.each(pairs)('type %s, and it is a %s', (type, kind) => {
    const found = ofPayload(`{"sub":${VALUES[kind] ?? ''}}`, { type })
    if (type === kind) expect(found).toEqual([expect.stringMatching(/^[\w-]{22}$/)])
    else expect(found).toEqual(['malformed'])
  })

  test.each([
    ['an item that is no string', '["a",1]'],
    ['a list in the list', '["a",["b"]]'],
    ['an object in the list', '["a",{}]'],
    ['null in the list', '[null]'],
    ['an item with a line feed', String.raw`["a","b\n"]`],
  ])('list with %s', (_, list) => {
    expect(ofPayload(`{"sub":${list}}`, { type: 'list' })).toEqual(['malformed'])
  })

  test('a string with a byte below 0x20, and no other', () => {
    expect(ofPayload({ sub: 'a\x1f' })).toEqual(['malformed'])
    expect(ofPayload({ sub: 'a\0' })).toEqual(['malformed'])
    expect(ofPayload({ sub: ' \x7f' })).toEqual([
      keyedKey(textNode('unverified-claim:/sub', ' \x7f'), HASH_SECRET),
    ])
  })
})

describe('a number is an integer of at most 2^53', () => {
  test.each<[written: string, expected: number | 'malformed']>([
    ['0', 0],
    ['-0', 0],
    ['-0.0', 0],
    ['1.0', 1],
    ['1e3', 1000],
    ['9007199254740992', 2 ** 53],
    ['-9007199254740992', -(2 ** 53)],
    ['9007199254740993', 'malformed'],
    ['-9007199254740993', 'malformed'],
    ['1.5', 'malformed'],
    ['1e300', 'malformed'],
    ['1e999', 'malformed'],
  ])('%s', (written, expected) => {
    const key = (value: number): string => keyedKey(numberNode('unverified-claim:/sub', value), HASH_SECRET)
    expect(ofPayload(`{"sub":${written}}`, { type: 'number' })).toEqual([
      typeof expected === 'number' ? key(expected) : expected,
    ])
  })
})

describe('one value is the same in a key, verified or not, but for the label', () => {
  const VALUES: [type: string, value: string | number | boolean | string[]][] = [
    ['string', 'größe'],
    ['string', 'x'.repeat(4096)],
    ['number', 42],
    ['number', -0],
    ['number', 2 ** 53],
    ['boolean', true],
    ['boolean', false],
    ['list', ['a', '', 'bc']],
  ]
  const keysOf = (source: object, value: unknown): readonly string[] => {
    const { plugin } = start(source)
    const payload = { sub: value } as Parameters<typeof verified>[0]
    const passed = pass(plugin, bearer(tokenOf({ sub: value })), verified(payload))
    passed.stream.end()
    return requestValues(passed, KEY)
  }

  test.each(VALUES)('%s %j', (type, value) => {
    const token = unverified({ type })
    const claim = { claim: { name: 'sub', type } }
    const plain = keysOf(token, value)
    expect(plain).toHaveLength(1)
    expect(plain).not.toEqual(keysOf(claim, value))
    expect(keysOf({ ...token, as: 'user' }, value)).toEqual(keysOf({ ...claim, as: 'user' }, value))
  })
})

describe('an unverified claim', () => {
  test('lets the next source try where it yields nothing', () => {
    const { plugin } = start(unverified(), { constant: 'next' })
    const passed = pass(plugin, bearer('a.b.c'))
    expect(requestValues(passed, KEY)).toEqual([keyedKey(textNode('constant', 'next'), HASH_SECRET)])
    passed.stream.end()
  })

  test('can be transformed, required and named as any other', () => {
    const source = { ...unverified(), transform: ['upper'], as: 'user', required: true }
    expect(outcome(source, bearer(ALICE))).toEqual([keyedKey(textNode('as:user', 'ALICE'), HASH_SECRET)])
    const { plugin } = start(source, { constant: 'next' })
    const passed = pass(plugin)
    expect(requestValues(passed, KEY)).toEqual([])
    passed.stream.end()
  })

  test('is looked for by its names, one in the other, never split', () => {
    const payload = { 'a.b': '1', a: { b: '2', 'c/d~': { e: '3' } } }
    const key = (label: string, value: string) => [keyedKey(textNode(label, value), HASH_SECRET)]
    expect(ofPayload(payload, { name: 'a.b' })).toEqual(key('unverified-claim:/a.b', '1'))
    expect(ofPayload(payload, { name: ['a', 'b'] })).toEqual(key('unverified-claim:/a/b', '2'))
    expect(ofPayload(payload, { name: ['a', 'c/d~', 'e'] })).toEqual(key('unverified-claim:/a/c~1d~0/e', '3'))
    expect(ofPayload(payload, { name: ['a', 'c'] })).toEqual(['absent'])
  })

  test('is found eight names deep', () => {
    const name = Array.from({ length: 8 }, (_, level) => `n${level}`)
    const payload = name.reduceRight<unknown>((inner, step) => ({ x: 1, [step]: inner }), 'deep')
    expect(ofPayload(payload as object, { name })).toEqual([
      keyedKey(textNode(`unverified-claim:/${name.join('/')}`, 'deep'), HASH_SECRET),
    ])
  })

  test('of 4 tokens, the most there may be, of 8,192 bytes has room', () => {
    const token = `${ALICE}${'A'.repeat(8192 - ALICE.length)}`
    const mooring = start({ all: Array.from({ length: 4 }, () => unverified()) })
    const passed = pass(mooring.plugin, bearer(token))
    const node = textNode('unverified-claim:/sub', 'alice')
    expect(requestValues(passed, KEY)).toEqual([
      keyedKey(allNode(...Array.from({ length: 4 }, () => node)), HASH_SECRET),
    ])
    passed.stream.end()
  })
})
