/** What becomes of cookies on their way: adopted, unquoted, collapsed, hidden; all others untouched. */
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Status } from '../../host/index.ts'
import {
  HASH_SECRET,
  type Mooring,
  counter,
  pass,
  requestValues,
  setCookies,
  startMooring,
} from './mooring.ts'
import { ENVIRONMENT, SIGNING, startSigned } from './signing.ts'

const ID = 'ABEiM0RVZneImaq7zN3u_w'
// adopt("OLDSESSION", "legacy-value") under the hash secret 20..3f, as docs/token.md has it.
const ADOPTED = 'Or5t0C27RBTpuNkTU-d4Vg'
const ADOPT = [{ cookie: 'OLDSESSION' }]
const KEYED = { key: { hashSecret: { env: 'MOORING_HASH_SECRET' } } }
const HTTPS: [string, string] = ['x-forwarded-proto', 'https']

interface Seen {
  readonly cookie: readonly string[]
  readonly setCookie: readonly string[]
}

function start(session: object, configuration: object = {}): Mooring {
  return startMooring({ session, ...configuration }, { environment: ENVIRONMENT })
}

function send(mooring: Mooring, cookies: readonly string[], ...more: [string, string][]): Seen {
  const passed = pass(mooring.plugin, [
    ...cookies.map((line) => ['cookie', line] as [string, string]),
    ...more,
  ])
  return { cookie: requestValues(passed, 'cookie'), setCookie: setCookies(passed) }
}

function lp(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text, 'latin1'))
  return Buffer.concat([length, Buffer.from(text, 'latin1')])
}

describe('adopt', () => {
  test('makes the id of another cookie, which stays', () => {
    const mooring = start({ adopt: ADOPT }, KEYED)
    expect(send(mooring, ['a=1; OLDSESSION=legacy-value; b=2'])).toEqual({
      cookie: [`a=1; OLDSESSION=legacy-value; b=2; ISTIOID=${ADOPTED}`],
      setCookie: [`ISTIOID=${ADOPTED}; Path=/; HttpOnly; SameSite=Lax`],
    })
    expect(counter(mooring, 'session_adopted')).toBe(1n)
  })

  test('makes the same id signed', () => {
    const mooring = startSigned({ adopt: ADOPT }, undefined, KEYED)
    const seen = send(mooring, ['OLDSESSION=legacy-value'], HTTPS)
    expect(seen.cookie).toEqual([`OLDSESSION=legacy-value; ISTIOID=${ADOPTED}`])
    expect(seen.setCookie).toEqual([expect.stringMatching(new RegExp(`^ISTIOID=1\\.k2\\.${ADOPTED}\\.`))])
  })

  test.each(['legacy-value', 'x', 'y'.repeat(256), 'ÿ\t "'])(
    'without a secret makes it by SHA-256: %s',
    (value) => {
      const message = Buffer.concat([Buffer.from('mooring/v1/adopt\0'), lp('OLDSESSION'), lp(value)])
      const id = createHash('sha256').update(message).digest().subarray(0, 16).toString('base64url')
      const seen = send(start({ adopt: ADOPT }), [`OLDSESSION=${value}`])
      expect(seen.cookie[0]?.endsWith(`; ISTIOID=${id}`)).toBe(true)
    },
  )

  test('with a secret makes it by the key that HKDF derives for it', () => {
    const secret = Buffer.from(HASH_SECRET, 'base64')
    const key = Buffer.from(hkdfSync('sha256', secret, 'mooring/v1', 'adopt', 32))
    const tag = createHmac('sha256', key).update(lp('OLDSESSION')).update(lp('v')).digest()
    const seen = send(start({ adopt: ADOPT }, KEYED), ['OLDSESSION=v'])
    expect(seen.cookie).toEqual([`OLDSESSION=v; ISTIOID=${tag.subarray(0, 16).toString('base64url')}`])
  })

  test.each([
    ['empty', 'OLDSESSION='],
    ['over 256 bytes', `OLDSESSION=${'y'.repeat(257)}`],
    ['of another name', 'oldsession=legacy-value'],
  ])('takes no value that is %s', (_, cookie) => {
    const mooring = start({ adopt: ADOPT })
    send(mooring, [cookie])
    expect(counter(mooring, 'session_minted')).toBe(1n)
  })

  test('looks only where there is no valid session, and at names in order', () => {
    const mooring = start({ adopt: [{ cookie: 'FIRST' }, ...ADOPT] }, KEYED)
    expect(send(mooring, [`OLDSESSION=legacy-value; ISTIOID=${ID}`]).setCookie).toEqual([])
    const both = send(mooring, ['OLDSESSION=legacy-value; FIRST=x']).setCookie
    expect(both[0]).not.toContain(ADOPTED)
    expect(send(mooring, ['ISTIOID=; OLDSESSION=legacy-value']).setCookie[0]).toContain(ADOPTED)
  })

  test('deletes the old cookie only if told, by its path and domain', () => {
    const adopt = [
      { cookie: 'A', delete: true },
      { cookie: '__Secure-B', path: '/x', domain: 'b.com', delete: true },
    ]
    const mooring = start({ adopt })
    expect(send(mooring, ['A=1']).setCookie[1]).toBe('A=; Max-Age=0; Path=/')
    expect(send(mooring, ['__Secure-B=1']).setCookie[1]).toBe(
      '__Secure-B=; Max-Age=0; Path=/x; Domain=b.com; Secure',
    )
    expect(send(mooring, ['A=1; __Secure-B=1']).setCookie).toHaveLength(2)
  })

  test('gives the id even where no cookie may be set, and sets it later', () => {
    const mooring = start({ adopt: ADOPT }, KEYED)
    const post: [string, string][] = [
      [':method', 'POST'],
      ['sec-fetch-site', 'cross-site'],
    ]
    expect(send(mooring, ['OLDSESSION=legacy-value'], ...post)).toEqual({
      cookie: [`OLDSESSION=legacy-value; ISTIOID=${ADOPTED}`],
      setCookie: [],
    })
  })

  test('is nothing for readOnly', () => {
    const mooring = start({ adopt: ADOPT, readOnly: true })
    expect(send(mooring, ['OLDSESSION=legacy-value'])).toEqual({
      cookie: ['OLDSESSION=legacy-value'],
      setCookie: [],
    })
  })
})

describe('the cookie that goes on', () => {
  test.each([
    ['quoted', `ISTIOID="${ID}"; a="1"`, `a="1"; ISTIOID=${ID}`],
    ['twice', `ISTIOID=${ID}; a=1; ISTIOID=other`, `a=1; ISTIOID=${ID}`],
    ['twice, the first malformed', `ISTIOID=; a=1; ISTIOID=${ID}`, `a=1; ISTIOID=${ID}`],
  ])('says its session once, without quotes: %s', (_, cookie, expected) => {
    const mooring = start({})
    expect(send(mooring, [cookie])).toEqual({ cookie: [expected], setCookie: [] })
  })

  test('is what came where there is nothing to put right', () => {
    const line = `a=1;b="2" ;  ISTIOID=${ID};;c`
    expect(send(start({}), [line]).cookie).toEqual([line])
  })

  test('counts duplicates', () => {
    const mooring = start({})
    send(mooring, [`ISTIOID=${ID}; ISTIOID=other`])
    send(mooring, [`ISTIOID=${ID}`])
    expect(counter(mooring, 'cookie_duplicate')).toBe(1n)
  })
})

describe('hideFromUpstream', () => {
  test.each([
    ['alone', [`ISTIOID=${ID}`], []],
    ['among others', [`a=1; ISTIOID=${ID};b=2`], ['a=1;b=2']],
    ['in several lines', ['a=1', `ISTIOID=${ID}`, 'b=2'], ['a=1; b=2']],
    ['malformed', ['ISTIOID=; a=1'], ['a=1']],
    ['none', ['a=1;b=2'], ['a=1;b=2']],
  ])('takes the session from the request, and nothing else: %s', (_, lines, expected) => {
    const passed = pass(
      start({ hideFromUpstream: true }).plugin,
      lines.map((line) => ['cookie', line]),
    )
    expect(requestValues(passed, 'cookie')).toEqual(expected)
    expect(requestValues(passed, 'x-mooring-key')).toHaveLength(1)
    passed.stream.end()
  })

  test('and the key stays what it was', () => {
    const keys = [{}, { hideFromUpstream: true }].map((session) => {
      const passed = pass(start(session).plugin, [['cookie', `ISTIOID=${ID}`]])
      passed.stream.end()
      return requestValues(passed, 'x-mooring-key')
    })
    expect(keys[0]).toEqual(keys[1])
  })

  test.each([
    ['hidden', { hideFromUpstream: true }],
    ['signed, where none is minted', { signing: SIGNING, mint: { skip: true } }],
    ['ignored', { onInvalid: 'ignore', mint: { skip: true } }],
  ])('leaves none that only applications take for the session: %s', (_, session) => {
    const mooring = start(session)
    for (const evil of ['ISTIOID =evil', '\tISTIOID=evil', ' ISTIOID\t=evil'])
      expect(send(mooring, [`a=1;${evil}; b=2`], HTTPS).cookie).toEqual(['a=1; b=2'])
    expect(send(mooring, ['a=1;b=2'], HTTPS).cookie).toEqual(['a=1;b=2'])
  })

  test('hides a token and what is no token alike', () => {
    const mooring = startSigned({ hideFromUpstream: true })
    const [line = ''] = send(mooring, [], HTTPS).setCookie
    expect(send(mooring, [`a=1; ${line.split(';')[0] ?? ''}`]).cookie).toEqual(['a=1'])
    expect(send(mooring, ['a=1; ISTIOID=x']).cookie).toEqual(['a=1'])
  })
})

describe('onInvalid: ignore without signing', () => {
  test('a malformed one goes no further, and none takes its place', () => {
    const mooring = start({ onInvalid: 'ignore' })
    expect(send(mooring, ['a=1; ISTIOID='])).toEqual({ cookie: ['a=1'], setCookie: [] })
    expect(counter(mooring, 'session_malformed')).toBe(1n)
  })
})

describe('shadow', () => {
  test.each<[string, object, string]>([
    ['minted', {}, 'session_minted'],
    ['signed', { signing: SIGNING }, 'session_minted'],
    ['adopted', { adopt: ADOPT }, 'session_adopted'],
    ['hidden', { hideFromUpstream: true }, 'session_minted'],
  ])('changes nothing on the wire, and counts: %s', (_, session, counted) => {
    const mooring = start(session, { mode: 'shadow', ...KEYED })
    const lines = ['a=1; OLDSESSION=legacy-value']
    const seen = send(mooring, lines, ['x-mooring-key', 'of the client'])
    expect(seen).toEqual({ cookie: lines, setCookie: [] })
    expect(counter(mooring, counted)).toBe(1n)
  })

  test('a forged token is let through, and counted as one that would be rejected', () => {
    const mooring = startSigned({ onInvalid: 'reject' }, undefined, { mode: 'shadow' })
    const [line = ''] = send(startSigned(), [], HTTPS).setCookie
    const forged = (line.split(';')[0] ?? '').replace(/.{4}$/, 'AAAA').replace(/.$/, 'A')
    expect(send(mooring, [forged])).toEqual({ cookie: [forged], setCookie: [] })
    expect(counter(mooring, 'session_rejected')).toBe(1n)
  })

  test('an unreadable cookie header is let through', () => {
    const mooring = startSigned({}, undefined, { mode: 'shadow' })
    mooring.vm.inject({ hostcall: 'proxy_get_header_map_value', status: Status.InternalFailure })
    const { stream } = pass(mooring.plugin, [['cookie', 'a=1']])
    expect(stream.localReply).toBeUndefined()
    stream.end()
  })
})
