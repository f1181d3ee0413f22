import { describe, expect, test } from 'vitest'
import { guarded, pure, textOf } from './module.ts'

const base64url = (text: string): string => Buffer.from(text, 'latin1').toString('base64url')

/** The payload of a token, or why there is none. */
function payloadOf(token: string, arena = 65_536): string {
  return guarded((room) => {
    pure.arenaReset(arena)
    return textOf(pure.jwtPayload(room.input(token)))
  })
}

const HEADER = base64url('{"alg":"none"}')
const PAYLOAD = base64url('{"sub":"alice"}')
const SIGNATURE = base64url('signature')

describe('the payload of a token is had', () => {
  test.each<[what: string, token: string, payload: string]>([
    ['signed', `${HEADER}.${PAYLOAD}.${SIGNATURE}`, '{"sub":"alice"}'],
    ['unsigned', `${HEADER}.${PAYLOAD}.`, '{"sub":"alice"}'],
    ['whatever the header says', `${base64url('{"typ":7,"x":{"crit":1}}')}.${PAYLOAD}.`, '{"sub":"alice"}'],
    ['with blanks in its header', `${base64url(' {} ')}.${PAYLOAD}.`, '{"sub":"alice"}'],
    ['that is no JSON, which is not looked at', `${HEADER}.${base64url('alice')}.`, 'alice'],
  ])('%s', (_, token, payload) => {
    expect(payloadOf(token)).toBe(payload)
  })
})

describe('what is no token has none', () => {
  test.each<[why: string, token: string]>([
    ['nothing', ''],
    ['no dot', HEADER],
    ['one dot', `${HEADER}.${PAYLOAD}`],
    ['two dots and nothing', '..'],
    ['three dots', `${HEADER}.${PAYLOAD}.${SIGNATURE}.`],
    ['five parts, encrypted', `${HEADER}.a.b.c.d`],
    ['no header', `.${PAYLOAD}.`],
    ['a header that is no JSON', `${base64url('alg')}.${PAYLOAD}.`],
    ['a header that is a list', `${base64url('[]')}.${PAYLOAD}.`],
    ['a header with a name twice', `${base64url('{"a":1,"a":1}')}.${PAYLOAD}.`],
    ['a header with crit', `${base64url('{"crit":["b64"]}')}.${PAYLOAD}.`],
    ['a header with crit, null', `${base64url('{"alg":"none","crit":null}')}.${PAYLOAD}.`],
    ['a header with crit, escaped', `${base64url(String.raw`{"cr\u0069t":[]}`)}.${PAYLOAD}.`],
    ['padding', `${base64url('{} ')}.${base64url('{}')}==.`],
    ['padding of the header', `${base64url('{}')}=.${PAYLOAD}.`],
    ['padding of the signature', `${HEADER}.${PAYLOAD}.${base64url('a')}==`],
    ['bits that no byte needs in the header', `${base64url('{}').replace(/.$/, '1')}.${PAYLOAD}.`],
    ['bits that no byte needs in the payload', `${HEADER}.${base64url('{}').replace(/.$/, '1')}.`],
    ['bits that no byte needs in the signature', `${HEADER}.${PAYLOAD}.YR`],
    ['a part of one character too many', `${HEADER}.${PAYLOAD}.YWFhY`],
    ['the other alphabet', `${HEADER}.${PAYLOAD}.++//`],
    ['a blank', `${HEADER}.${PAYLOAD}. `],
    ['a line feed', `${HEADER}.${PAYLOAD}.\n`],
  ])('%s', (_, token) => {
    expect(payloadOf(token)).toBe('ABSENT')
  })

  test('for want of memory it is not taken as none', () => {
    expect(payloadOf(`${HEADER}.${PAYLOAD}.`, 16)).toBe('UNREADABLE')
  })
})
