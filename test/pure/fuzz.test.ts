import { describe, expect, test } from 'vitest'
import { ABSENT, MALFORMED, UNREADABLE, Room, bytes, cases, pure, startOf, type Slice } from './module.ts'

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32))

/** xorshift32: a number below `limit`. */
function generator(state: number): (limit: number) => number {
  state = state >>> 0 || 1
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

type Below = (limit: number) => number

/** One of the samples, damaged up to four times, or noise. */
function damaged(samples: string[], below: Below): Buffer {
  if (below(8) === 0) return Buffer.from(Array.from({ length: below(64) }, () => below(256)))
  let text = pick(samples, below)
  for (let times = below(5); times > 0; times--) {
    const at = below(text.length + 1)
    const character = String.fromCharCode(below(256))
    const edits = [
      () => text.slice(0, at),
      () => text.slice(at),
      () => text.slice(0, at) + character + text.slice(at),
      () => text.slice(0, at) + character + text.slice(at + 1),
      () => text.slice(0, at) + text.slice(at + 1),
      () => text.slice(0, at) + text.slice(below(text.length + 1)),
      () => text.slice(0, at) + pick(samples, below),
      () => (text.length < 2000 ? text + text : text),
    ]
    text = (edits[below(edits.length)] ?? String)()
  }
  return bytes(text)
}

function pick(samples: string[], below: Below): string {
  return samples[below(samples.length)] ?? ''
}

/** True if what a function gives back lies within the slice that it was given. */
function isWithin(result: Slice, input: Slice): boolean {
  const [start, end] = bounds(input)
  const [from, to] = bounds(result)
  return result === ABSENT || (from >= start && to <= end)
}

function bounds(slice: Slice): [number, number] {
  return [startOf(slice), startOf(slice) + Number(slice >> 32n)]
}

const isFlag = (result: number): boolean => result === 0 || result === 1

const COOKIES = ['a=1; ISTIOID=v; b="2"', 'ISTIOID="v"', ';;ISTIOID=;', 'ISTIOID=x; ISTIOID=y']
const PATHS = [
  '/a/b/../c?x=1&y=2#f',
  '/%41%2F%e4%00;/..',
  '\\a//b/./..',
  '/a?x&y=%20+',
  '/mcp/x/{id}/**',
  '/*/a',
]
const CALLS = ['/shop.v1.Carts/GetItem', '/a/b', 'application/grpc', 'application/grpc+proto']
const HOSTS = ['shop.example.com:8443', '[2001:db8::1]:80', '*.example.com', 'a.b.', '1.2.3.4:5']
const ADDRESSES = [
  '1.2.3.4:567',
  '[::1]:80',
  '::ffff:1.2.3.4',
  '1:2:3:4:5:6:7:8',
  '64:ff9b::255.0.0.1',
  '[fe80::1%1]',
]
const TEXTS = ['Zm9vYmFy', '-_-_Zg', '+/+/Zg==\r\n', 'AAAAAAAAAAAAAAAAAAAAAA', 'a+b%20c%zz']

const CAPTURES = ['user-{}@*', 'aa-bb-cc', '*a*b{}c*d*', 'user-alice@example.com', '{}']

const CACHING = ['private, max-age=60', 'no-store, public', 'max-age="0",s-maxage=1']

const PEERS = ['spiffe://cluster.local/ns/a/sa/b', 'spiffe://cluster.local/ns/*/**', 'spiffe:///']

const OBJECTS = [
  '{"sub":"alice","realm":{"roles":["a","b\\u0063",7,null,[{}]]}}',
  ' {"a":1.5e3,"a":2,"\\ud83d\\ude00":"\xf0\x9f\x98\x80"} ',
  '{"realm":{"x":{"x":{"x":{"x":{"x":{"x":{"x":{"x":{"roles":true}}}}}}}}}}',
]
const TOKENS = [
  'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.',
  'e30.e30.c2lnbmF0dXJl',
  'eyJjcml0IjpbXX0.e30.',
  'eyJhIjp7ImEiOlt7fV19LCJjclx1MDA2OXQiOjF9.e30.YQ',
]
const CERTIFICATES = [
  'By=spiffe://a/b;Hash=00ff;Subject="CN=a\\"b\\,c\\\\";URI=spiffe://cluster.local/ns/a/sa/b;DNS=x.y',
  'URI=a,URI="b;c", Subject="";uri=',
  ',=;"\\',
]

/** Calls one function; true if its result is one that it may have. What it writes is checked by the room. */
type Call = (input: Slice, room: Room, below: Below) => boolean

const PARSERS: [name: string, samples: string[], call: Call][] = [
  ['findCookie', COOKIES, (line, room) => isWithin(pure.findCookie(line, room.input('ISTIOID')), line)],
  [
    'writeWithoutCookie',
    COOKIES,
    (line, room, below) => {
      pure.writeWithoutCookie(line, room.input('ISTIOID'), room.writer(below(64)))
      return true
    },
  ],
  ['isCookieValue', COOKIES, (value) => isFlag(pure.isCookieValue(value))],
  ['isFieldValue', COOKIES, (value) => isFlag(pure.isFieldValue(value))],
  ['isToken', HOSTS, (text) => isFlag(pure.isToken(text))],
  ['normalisePath', PATHS, (path, room, below) => isFlag(pure.normalisePath(path, room.writer(below(64))))],
  ['matchPath, its path', PATHS, (path, room) => isFlag(pure.matchPath(room.input('/a/*/**'), path))],
  ['matchPath, its pattern', PATHS, (pattern, room) => isFlag(pure.matchPath(pattern, room.input('/a/b/c')))],
  [
    'pathCapture, its path',
    PATHS,
    (path, room, below) => isWithin(pure.pathCapture(room.input('/{a}/{b}/**'), path, below(3)), path),
  ],
  [
    'pathCapture, its pattern',
    PATHS,
    (pattern, room, below) => {
      const path = room.input('/a/b/c')
      return isWithin(pure.pathCapture(pattern, path, below(3)), path)
    },
  ],
  ['grpcService', CALLS, (path) => isWithin(pure.grpcService(path), path)],
  ['grpcMethod', CALLS, (path) => isWithin(pure.grpcMethod(path), path)],
  ['isGrpcContentType', CALLS, (contentType) => isFlag(pure.isGrpcContentType(contentType))],
  ['pathPatternError', PATHS, (pattern) => pure.pathPatternError(pattern) <= 13],
  ['hostOf', HOSTS, (authority) => isWithin(pure.hostOf(authority), authority)],
  ['matchHost, its host', HOSTS, (host, room) => isFlag(pure.matchHost(room.input('*.com'), host))],
  ['matchHost, its pattern', HOSTS, (pattern, room) => isFlag(pure.matchHost(pattern, room.input('a.b')))],
  ['hostPatternError', HOSTS, (pattern) => pure.hostPatternError(pattern) <= 8],
  ['findQuery', PATHS, (path, room) => isWithin(pure.findQuery(path, room.input('y')), path)],
  [
    'decodePercent',
    TEXTS,
    (value, room, below) => isFlag(pure.decodePercent(value, below(2), room.writer(below(64)))),
  ],
  ['sharingOf', CACHING, (text) => pure.sharingOf(text) <= 2],
  [
    'writeForOneClient',
    CACHING,
    (text, room, below) => {
      pure.writeForOneClient(text, room.writer(below(64)))
      return true
    },
  ],
  ['isPeerPattern', PEERS, (pattern) => isFlag(pure.isPeerPattern(pattern))],
  [
    'matchPeer, its uri',
    PEERS,
    (uri, room) => isFlag(pure.matchPeer(room.input('spiffe://cluster.local/ns/*/**'), uri)),
  ],
  [
    'matchPeer, its pattern',
    PEERS,
    (pattern, room) => isFlag(pure.matchPeer(pattern, room.input('spiffe://cluster.local/ns/a/sa/b'))),
  ],
  ['isSpiffeId', PEERS, (uri, _, below) => isFlag(pure.isSpiffeId(uri, below(2)))],
  ['spiffePart', PEERS, (uri, _, below) => isWithin(pure.spiffePart(uri, 1 + below(3)), uri)],
  [
    'forwardedValue',
    CERTIFICATES,
    (header, room, below) => {
      const value = pure.forwardedValue(header, room.input('uri'), below(4) - 1, below(4))
      // What has a quote in it is resolved elsewhere, and shorter than it was.
      return value === MALFORMED || isWithin(value, header) || value >> 32n < header >> 32n
    },
  ],
  ['capture, its text', CAPTURES, (text, room) => isWithin(pure.capture(room.input('a*-{}b*'), text), text)],
  [
    'capture, its pattern',
    CAPTURES,
    (pattern, room) => {
      const text = room.input('aa-bb-cc')
      return isWithin(pure.capture(pattern, text), text)
    },
  ],
  ['capturePatternError', CAPTURES, (pattern) => pure.capturePatternError(pattern) <= 5],
  [
    'findNext',
    OBJECTS,
    (text, room, below) => {
      // It writes where it reads.
      const length = Number(text >> 32n)
      const start = room.output(length, room.read(startOf(text), length))
      const copy = (text & ~0xffffffffn) | BigInt(start)
      pure.openFind(copy, room.input(['\0sub', '\0realm\0roles', '\0', ''][below(4)] ?? ''))
      let steps = 0
      for (; pure.findNext() === 1 && steps <= length; steps++) {
        if (!isWithin(pure.valueText.value, copy)) return false
      }
      return steps <= length && isFlag(pure.hasFailed())
    },
  ],
  [
    'jwtPayload',
    TOKENS,
    (token, _, below) => {
      pure.arenaReset(below(4) === 0 ? below(64) : 65_536)
      const payload = pure.jwtPayload(token)
      return payload === ABSENT || payload === UNREADABLE || payload >> 32n <= token >> 32n
    },
  ],
  ['parseAddress', ADDRESSES, (text, room) => [0, 4, 16].includes(pure.parseAddress(text, room.output(16)))],
  [
    'encodeBase64url',
    TEXTS,
    (text, room, below) => {
      pure.encodeBase64url(text, room.writer(below(64)))
      return true
    },
  ],
  [
    'decodeBase64url',
    TEXTS,
    (text, room, below) => {
      const capacity = below(32)
      return pure.decodeBase64url(text, room.output(capacity), capacity) <= capacity
    },
  ],
  [
    'decodeSecret',
    TEXTS,
    (text, room, below) => {
      const capacity = below(32)
      return pure.decodeSecret(text, room.output(capacity), capacity) <= capacity
    },
  ],
  [
    'hmacSha256',
    TEXTS,
    (message, room) => {
      const state = room.output(64)
      pure.hmacPrepare(state, message)
      pure.hmacSha256(state, message, room.output(32))
      return true
    },
  ],
]

describe(`fed with damaged bytes that end with memory (SEED=${seed})`, () => {
  test.each(PARSERS)('%s neither traps nor writes or points outside', (name, samples, call) => {
    const below = generator(seed ^ (name.length * 0x9e3779b1))
    for (let { numRuns } = cases(4_000, 200_000); numRuns > 0; numRuns--) {
      const guard = [0x00, 0xff][below(2)] ?? 0
      const room = new Room(guard, 0)
      const input = damaged(samples, below)
      try {
        expect(call(room.input(input), room, below)).toBe(true)
        room.check(guard)
      } catch (error) {
        throw new Error(`${name} with ${JSON.stringify(input.toString('latin1'))}`, { cause: error })
      }
    }
  })
})
