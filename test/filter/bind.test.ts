/** `key.bind: session`: the first key that a session gets is kept in its token, and used until the session ends. */
import { describe, expect, test } from 'vitest'
import { type HeaderList } from '../../host/index.ts'
import { type Mooring, counter, pass, requestValues, setCookies } from './mooring.ts'
import { ISSUED, startSigned } from './signing.ts'

const HTTPS: [string, string] = ['x-forwarded-proto', 'https']
const USER: [string, string] = ['x-user', 'alice']
const KEY = { bind: 'session', from: [{ header: 'x-user' }, 'session'] }

interface Seen {
  readonly key: readonly string[]
  /** What the client holds from now on. */
  readonly jar: string
  readonly sets: number
}

function send(mooring: Mooring, jar: string, ...headers: [string, string][]): Seen {
  const cookies: HeaderList = jar === '' ? [] : [['cookie', jar]]
  const passed = pass(mooring.plugin, [...cookies, HTTPS, ...headers])
  const key = requestValues(passed, 'x-mooring-key')
  const lines = setCookies(passed)
  return { key, jar: lines[0]?.split(';')[0] ?? jar, sets: lines.length }
}

describe('bind: session', () => {
  test('keeps the first key through login and logout', () => {
    const mooring = startSigned({}, ISSUED, { key: KEY })
    const first = send(mooring, '')
    expect(first.key).toEqual([expect.stringMatching(/^[A-Za-z0-9_-]{22}$/)])
    expect(first.jar).toMatch(
      new RegExp(
        `^ISTIOID=1\\.k2\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{16}\\.${first.key[0] ?? ''}\\.[A-Za-z0-9_-]{22}$`,
      ),
    )
    expect(send(mooring, first.jar, USER)).toEqual({ key: first.key, jar: first.jar, sets: 0 })
    expect(send(mooring, first.jar)).toEqual({ key: first.key, jar: first.jar, sets: 0 })
    expect(counter(mooring, 'key_bound')).toBe(2n)
    expect(counter(mooring, 'key_session')).toBe(1n)
  })

  test('keeps the key that a source before the session gave', () => {
    const mooring = startSigned({}, ISSUED, { key: KEY })
    const login = send(mooring, '', USER)
    const other = send(startSigned({}, ISSUED, { key: { ...KEY, bind: 'none' } }), '', USER)
    expect(login.key).toEqual(other.key)
    expect(send(mooring, login.jar, ['x-user', 'bob'])).toEqual({ ...login, sets: 0 })
  })

  test('binds a session that began without it, once', () => {
    const unbound = send(startSigned(), '')
    const mooring = startSigned({}, ISSUED + 1, { key: KEY })
    const bound = send(mooring, unbound.jar, USER)
    expect(bound.sets).toBe(1)
    expect(bound.jar.split('.')[2]).toBe(unbound.jar.split('.')[2])
    expect(send(mooring, bound.jar)).toEqual({ ...bound, sets: 0 })
    expect(counter(mooring, 'session_renewed')).toBe(1n)
    expect(counter(mooring, 'session_valid')).toBe(1n)
  })

  test('a renewed token carries the key on', () => {
    const first = send(startSigned({}, ISSUED, { key: KEY }), '')
    const later = startSigned({}, ISSUED + 16 * 60, { key: KEY })
    const renewed = send(later, first.jar, USER)
    expect(renewed).toMatchObject({ key: first.key, sets: 1 })
    expect(send(later, renewed.jar, USER)).toEqual({ ...renewed, sets: 0 })
  })

  test('so does one that is renewed where keys are not bound', () => {
    const first = send(startSigned({}, ISSUED, { key: KEY }), '')
    const renewed = send(startSigned({}, ISSUED + 16 * 60), first.jar)
    expect(renewed.sets).toBe(1)
    expect(send(startSigned({}, ISSUED + 17 * 60, { key: KEY }), renewed.jar, USER).key).toEqual(first.key)
  })

  test('a session that has ended takes its key along', () => {
    const first = send(startSigned({}, ISSUED, { key: KEY }), '')
    const later = startSigned({}, ISSUED + 40 * 60, { key: KEY })
    const next = send(later, first.jar, USER)
    expect(next.key).not.toEqual(first.key)
    expect(next.jar.split('.')[4]).toBe(next.key[0])
  })

  test('readOnly uses a bound key and binds none', () => {
    const first = send(startSigned({}, ISSUED, { key: KEY }), '')
    const mooring = startSigned({ readOnly: true }, ISSUED, { key: KEY })
    expect(send(mooring, first.jar, USER)).toEqual({ ...first, sets: 0 })
    const unbound = send(startSigned(), '')
    expect(send(mooring, unbound.jar, USER)).toMatchObject({ jar: unbound.jar, sets: 0 })
  })

  test('nothing to bind: a session without a key stays unbound', () => {
    const key = { bind: 'session', from: [{ header: 'x-user' }] }
    const mooring = startSigned({}, ISSUED, { key })
    const first = send(mooring, '')
    expect(first.key).toEqual([])
    expect(first.jar.split('.')).toHaveLength(5)
    const login = send(mooring, first.jar, USER)
    expect(login.jar.split('.')).toHaveLength(6)
    expect(send(mooring, login.jar).key).toEqual(login.key)
  })
})
