/** Several plugins of Mooring in one proxy: which of them acts, and that no client can tell them to. */
import { describe, expect, test } from 'vitest'
import type { HeaderList, Plugin } from '../../host/index.ts'
import { Proxy, send } from './chain.ts'

const KEY = 'x-mooring-key'
const ID = 'ABEiM0RVZneImaq7zN3u_w'
const MINTED = /^ISTIOID=([A-Za-z0-9_-]{22}); Path=\/; HttpOnly; SameSite=Lax$/
const FORGED: HeaderList = [[KEY, 'chosen-by-the-client']]

const signing = (env: string): object => ({ keys: [{ id: 'k1', env }], absoluteTimeout: '12h' })
const SIGNED = { session: { signing: signing('MOORING_SIGNING_1') } }
const SIGNED_BY_ANOTHER = { session: { signing: signing('MOORING_SIGNING_2') } }
const constant = (text: string, header = KEY): object => ({ key: { header, from: [{ constant: text }] } })

/** What a plugin alone makes of a request. */
function alone(configuration: object, headers: HeaderList): readonly string[] {
  return send(new Proxy().plugins({ 'shop.a': configuration }), headers).seen(KEY)
}

const pair = (line = ''): string => line.split(';')[0] ?? ''

describe.each([
  ['in one VM', false],
  ['each in a VM of its own', true],
])('two plugins, %s', (_, apart) => {
  const start = (first: unknown, second: unknown, ...more: unknown[]): Plugin[] =>
    new Proxy().plugins(
      Object.fromEntries([first, second, ...more].map((each, i) => [`shop.${i}`, each])),
      apart,
    )

  test('mint one cookie, by the first, and the pod sees it', () => {
    const plugins = start({ session: {} }, { session: { cookie: { sameSite: 'Strict' } } })
    const { setCookies, seen } = send(plugins)
    expect(setCookies).toEqual([expect.stringMatching(MINTED)])
    expect(seen('cookie')).toEqual([pair(setCookies[0])])
    const later = send(plugins, [['cookie', pair(setCookies[0])]])
    expect([later.setCookies, later.seen('cookie'), later.seen(KEY)]).toEqual([[], seen('cookie'), seen(KEY)])
  })

  test('signed both, even by other secrets: the second believes the id that the first has verified', () => {
    const plugins = start(SIGNED, { ...SIGNED_BY_ANOTHER, ...constant('k', 'x-other-key') })
    const { setCookies, seen } = send(plugins)
    expect(setCookies).toHaveLength(1)
    const token = pair(setCookies[0])
    expect(token).toMatch(/^ISTIOID=1\.k1\./)
    const later = send(plugins, [['cookie', token]])
    expect([later.reply, later.setCookies, later.seen('cookie')]).toEqual([undefined, [], seen('cookie')])
  })

  test.each<[string, object]>([
    ['replaces', {}],
    ['ignores', { onInvalid: 'ignore' }],
    ['rejects', { onInvalid: 'reject' }],
    ['always renews', { cookie: { renew: 'always' } }],
    ['hides', { hideFromUpstream: true }],
    ['adopts', { adopt: [{ cookie: 'OLD', delete: true }] }],
  ])('a second one that %s does nothing of it to a session that the first has', (__, session) => {
    const second = { session, key: { header: 'x-other-key' } }
    const plugins = start({ session: {} }, second)
    const { setCookies, seen } = send(plugins, [['cookie', `OLD=7; ISTIOID=${ID}`]])
    expect(setCookies).toEqual([])
    expect(seen('cookie')).toEqual([`OLD=7; ISTIOID=${ID}`])
    expect(seen('x-other-key')).toEqual(alone({ session: {} }, [['cookie', `ISTIOID=${ID}`]]))
  })

  test('the first that hides the cookie leaves none to the second, which mints none', () => {
    const { setCookies, seen } = send(start({ session: { hideFromUpstream: true } }, { session: {} }))
    expect(setCookies).toHaveLength(1)
    expect(seen('cookie')).toEqual([])
  })

  test('cookies of two names are minted by both', () => {
    const plugins = start({ session: {} }, { session: { cookie: { name: 'OTHERID' } }, key: { skip: true } })
    const { setCookies, seen } = send(plugins)
    expect(setCookies.map((line) => line.split('=')[0]).sort()).toEqual(['ISTIOID', 'OTHERID'])
    expect(seen('cookie')).toHaveLength(1)
  })

  test('one key header is written by the first; the second neither replaces nor removes it', () => {
    const plugins = start(constant('first'), constant('second'))
    expect(send(plugins, FORGED).seen(KEY)).toEqual(alone(constant('first'), []))
  })

  test('a first that yields no key leaves none to the second: it has decided', () => {
    const plugins = start({ key: { from: [{ header: 'x-user' }] } }, constant('second'))
    expect(send(plugins, FORGED).seen(KEY)).toEqual([])
  })

  test('a second that would reject a request without a key leaves that to the first', () => {
    const from = [{ header: 'x-user' }]
    const plugins = start({ key: { from } }, { key: { from, onNone: 'reject' } })
    expect(send(plugins).reply).toBeUndefined()
  })

  test('two key headers are written by both, each its own; a third one of a rule is removed by the second', () => {
    const rules = [{ name: 'r', match: { hosts: ['a.com'] }, key: { header: 'x-third-key' } }]
    const plugins = start(constant('first'), { ...constant('second', 'x-other-key'), rules })
    const { seen } = send(plugins, [...FORGED, ['x-other-key', 'forged'], ['x-third-key', 'forged']])
    expect(seen(KEY)).toHaveLength(1)
    expect(seen('x-other-key')).toHaveLength(1)
    expect(seen('x-third-key')).toEqual([])
  })

  test('session by the first, key by the second, from the very session', () => {
    const plugins = start(
      { session: SIGNED.session, key: { skip: true } },
      { session: { readOnly: true }, key: {} },
    )
    const { setCookies, seen } = send(plugins, FORGED)
    expect(setCookies).toHaveLength(1)
    expect(seen(KEY)).toEqual(alone({ session: {} }, [['cookie', seen('cookie')[0] ?? '']]))
  })

  test('a first that is readOnly takes no cookie: the second mints', () => {
    const plugins = start({ session: { readOnly: true } }, { session: {} })
    expect(send(plugins).setCookies).toEqual([expect.stringMatching(MINTED)])
  })

  test('a first that is readOnly and verifies leaves the id, which the second keeps', () => {
    const [, signer = ''] =
      /^(ISTIOID=[^;]+)/.exec(
        send(
          start(SIGNED, {
            key: { header: 'x-other-key', from: [{ constant: 'c' }] },
          }),
        ).setCookies[0] ?? '',
      ) ?? []
    const plugins = start({ session: { ...SIGNED.session, readOnly: true } }, SIGNED)
    const { setCookies, seen } = send(plugins, [['cookie', signer]])
    expect(setCookies).toEqual([])
    expect(seen('cookie')).toEqual([expect.stringMatching(/^ISTIOID=[A-Za-z0-9_-]{22}$/)])
  })

  describe("a first's skip silences the second", () => {
    const skipping = {
      session: {},
      rules: [{ name: 'static', match: { paths: ['/static/**'] }, skip: true }],
    }
    const STATIC: HeaderList = [[':path', '/static/logo.svg']]

    test('which mints nothing and writes nothing, but removes key headers as ever', () => {
      const plugins = start(skipping, { session: {}, ...constant('second', 'x-other-key') })
      const { setCookies, seen } = send(plugins, [
        ...STATIC,
        ...FORGED,
        ['x-other-key', 'forged'],
        ['cookie', 'ISTIOID=a b'],
      ])
      expect(setCookies).toEqual([])
      expect(seen(KEY)).toEqual([])
      expect(seen('x-other-key')).toEqual([])
      expect(seen('cookie')).toEqual(['ISTIOID=a b'])
    })

    test('on the requests that it matches, not on others', () => {
      const plugins = start(skipping, { session: { cookie: { name: 'OTHERID' } } })
      expect(send(plugins, STATIC).setCookies).toEqual([])
      expect(send(plugins).setCookies).toHaveLength(2)
      expect(send(plugins, STATIC).setCookies).toEqual([])
    })

    test('and the third, but not what the one before it has done', () => {
      const plugins = start(constant('first'), { ...skipping }, constant('third'))
      expect(send(plugins, STATIC).seen(KEY)).toEqual(alone(constant('first'), []))
      expect(send(plugins, STATIC).setCookies).toEqual([])
    })
  })

  describe('a shadow', () => {
    const shadow = { mode: 'shadow', session: {}, ...constant('shadow') }

    test('in front takes nothing', () => {
      const plugins = start(shadow, { session: {}, ...constant('second') })
      const { setCookies, seen } = send(plugins, FORGED)
      expect(setCookies).toHaveLength(1)
      expect(seen(KEY)).toEqual(alone(constant('second'), []))
    })

    test('that skips silences nobody', () => {
      const skips = {
        mode: 'shadow',
        session: {},
        rules: [{ name: 'r', match: { paths: ['/**'] }, skip: true }],
      }
      expect(send(start(skips, { session: {} })).setCookies).toHaveLength(1)
    })

    test('behind changes nothing, and counts what is left to it', () => {
      const proxy = new Proxy()
      const plugins = proxy.plugins(
        {
          'shop.a': SIGNED,
          'shop.b': { ...SIGNED_BY_ANOTHER, mode: 'shadow', observe: { instance: 'shadow' } },
        },
        apart,
      )
      const { setCookies, seen } = send(plugins)
      expect([setCookies.length, seen('cookie').length, seen(KEY).length]).toEqual([1, 1, 1])
      expect(proxy.counter('session_valid', 'shadow')).toBe(1n)
      expect(proxy.counter('session_malformed', 'shadow')).toBe(0n)
    })
  })

  test('of three, each part goes to the first that has it', () => {
    const plugins = start(
      constant('first', 'x-first-key'),
      { session: {}, ...constant('second', KEY) },
      { session: { cookie: { sameSite: 'Strict' } }, ...constant('third', 'x-first-key') },
    )
    const { setCookies, seen } = send(plugins)
    expect(setCookies).toEqual([expect.stringMatching(MINTED)])
    expect(seen('x-first-key')).toEqual(
      send(new Proxy().plugins({ a: constant('first', 'x-first-key') })).seen('x-first-key'),
    )
    expect(seen(KEY)).toEqual(alone(constant('second'), []))
  })

  test('counted is what each has done', () => {
    const proxy = new Proxy()
    const configured = (instance: string): object => ({ session: {}, observe: { instance } })
    const plugins = proxy.plugins({ 'shop.a': configured('first'), 'shop.b': configured('second') }, apart)
    send(plugins)
    const counts = (instance: string): bigint[] =>
      ['requests', 'session_minted', 'session_valid', 'cookie_set', 'key_session'].map((name) =>
        proxy.counter(name, instance),
      )
    expect(counts('first')).toEqual([1n, 1n, 0n, 1n, 1n])
    expect(counts('second')).toEqual([1n, 0n, 1n, 0n, 0n])
  })
})

describe('no client can take anything', () => {
  test.each<[string, HeaderList]>([
    [
      'headers of that name',
      [
        ['mooring', ' =ISTIOID x-mooring-key /'],
        ['wasm.mooring', '/'],
      ],
    ],
    ['cookies of that name', [['cookie', 'mooring=/; wasm.mooring=/']]],
    ['a query of that name', [[':path', '/?mooring=/&wasm.mooring=%20/']]],
  ])('by %s', (_, headers) => {
    const plugins = new Proxy().plugins({ 'shop.a': { session: {} }, 'shop.b': { session: {} } })
    const { setCookies, seen } = send(plugins, [...headers, ...FORGED])
    expect(setCookies).toHaveLength(1)
    expect(seen(KEY)).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
  })
})
