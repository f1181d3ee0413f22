/** JWTs as clients might send them: sound, at every limit, and damaged in every way that docs/keys.md names. */
import type { HeaderEntry } from '../../host/index.ts'
import type { Prng } from '../fuzz/prng.ts'

/** Names of claims, and the types that they mostly have. */
export const TOKEN_CLAIMS: [name: string | string[], type: keyof typeof SCALARS][] = [
  ['sub', 'string'],
  ['uid', 'number'],
  ['a~b', 'list'],
  [['realm', 'id'], 'boolean'],
  [['realm', 'größe'], 'string'],
  [['id', 'b'], 'number'],
]

/** Where tokens are: the fields of `in`, none for the default. */
export const CARRIERS: (Readonly<Record<string, string>> | undefined)[] = [
  undefined,
  { header: 'Authorization' },
  { header: 'x-token' },
  { query: 'id_token' },
  { cookie: 'jwt' },
]

const NAMES = ['sub', 'uid', 'a~b', 'realm', 'iss', '', 'id', 'b', 'größe']
const SCALARS = {
  string: [
    ...[
      '"alice"',
      '"alice"',
      '""',
      String.raw`"\u0061lice"`,
      '"größe"',
      String.raw`"\ud83d\ude00"`,
      '"\x7f"',
    ],
    ...[String.raw`"a\nb"`, String.raw`"\"\\\/\b"`, String.raw`"\u0000"`, '"😀 x"'],
  ],
  number: [
    ...[
      '0',
      '-0',
      '42',
      '1.0',
      '1e3',
      '1.5',
      '-7',
      '100e-2',
      '9007199254740992',
      '9007199254740993',
      '1e400',
    ],
    ...['-9007199254740992', '9007199254740992.0', '9007199254740992.5', '0.1e1', '123456789012345678901e-3'],
  ],
  boolean: ['true', 'false'],
  list: [
    '["a"]',
    '["a","bc"]',
    '[]',
    '["",""]',
    '[ "größe" ]',
    String.raw`["\u0061"]`,
    '["a",1]',
    '["a\\n"]',
  ],
}
// What JSON is not, or what is beyond a limit.
const WRONG = [
  ...[
    String.raw`"\ud800"`,
    String.raw`"\udc00\ud800"`,
    '"a\nb"',
    '"\\x"',
    "'a'",
    '01',
    '1.',
    '+1',
    'nul',
    'trues',
  ],
  ...['1'.repeat(65), '[1,]', '{"a":1,"a":2}', '{a:1}', '[', '}', ''],
]

/** What a request carries its token in, if it carries one. */
export function tokenHeaders(prng: Prng): HeaderEntry[] {
  const headers: HeaderEntry[] = []
  for (let more = prng.onceIn(20) ? 2 : prng.onceIn(4) ? 0 : 1; more > 0; more--) {
    headers.push([
      'authorization',
      `${prng.onceIn(8) ? prng.pick(['Basic ', '']) : prng.pick(['Bearer ', 'bEaReR   '])}${token(prng)}`,
    ])
  }
  if (prng.onceIn(3)) headers.push(['x-token', `${prng.pick(['', 'bearer '])}${token(prng)}`])
  if (prng.onceIn(3)) {
    const quote = prng.pick(['', '"'])
    headers.push(['cookie', `a=1; jwt=${quote}${token(prng)}${quote}`])
  }
  return headers
}

export function token(prng: Prng): string {
  const parts = [base64url(header(prng)), base64url(payload(prng)), base64url(prng.bytes(prng.below(4)))]
  const whole = parts.join('.')
  if (prng.onceIn(40)) return lengthened(whole, prng.pick([8190, 8191, 8192, 8193, 8194]))
  return prng.onceIn(5) ? damagedParts(prng, parts) : whole
}

/** As long as said, or nearly: no base64url has 4n + 1 characters. */
function lengthened(whole: string, length: number): string {
  const start = whole.slice(0, whole.lastIndexOf('.') + 1)
  const missing = Math.max(length - start.length, 0)
  return start + 'A'.repeat(missing % 4 === 1 ? missing - 1 : missing)
}

function damagedParts(prng: Prng, parts: string[]): string {
  const at = prng.below(parts.length)
  const part = parts[at] ?? ''
  const last = part.slice(-1)
  const put = (text: string): string => parts.with(at, text).join('.')
  return prng.oneOf([
    () => parts.slice(0, 2).join('.'),
    () => [...parts, ''].join('.'),
    () => put(''),
    () => put(`${part}=`),
    () => put(`${part}==`),
    () => put(`${part}A`),
    () => put(part.slice(0, -1)),
    // Perhaps with bits that no byte needs.
    () => put(part.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1)),
    () => put(part.replace(/[A-Za-z]/, '+')),
    () => put(`${part}\n`),
    () => put(` ${part}`),
  ])
}

function header(prng: Prng): string {
  if (!prng.onceIn(8))
    return prng.pick(['{"alg":"none"}', '{"alg":"ES256","kid":"a"}', ' {} ', '{"x":{"crit":1}}'])
  return prng.pick([
    ...[
      '{"crit":[]}',
      String.raw`{"cr\u0069t":null}`,
      '{"a":1,"a":1}',
      '[]',
      '',
      '{',
      '{"alg":}',
      '{}{}',
      'null',
    ],
    ...[nested(16), nested(17), wide(64), wide(65)],
  ])
}

function payload(prng: Prng): string | Buffer {
  const text = object(prng, 1)
  if (!prng.onceIn(8)) return text
  return prng.oneOf<string | Buffer>([
    () => text.slice(0, prng.below(text.length)),
    () => `${text}${prng.pick(['x', '{}', ',', ' \t\r\n', '\0', '\f'])}`,
    () => `\ufeff${text}`,
    () => `[${text}]`,
    () => Buffer.from(text.replace('"', '"\xff'), 'latin1'),
    () => Buffer.from(text.replace('"', '"\xed\xa0\x80'), 'latin1'),
    () => text.replace('{', `{"deep":${nested(prng.pick([14, 15, 16]))},`),
    () => text.replace('{', `{"wide":${wide(prng.pick([63, 64, 65]))},`),
    () => text.replace('{', `{"long":${'1'.repeat(prng.pick([63, 64, 65]))},`),
    () => text.replace('{', `{"sub":"${'x'.repeat(prng.pick([4095, 4096, 4097]))}",`),
  ])
}

function object(prng: Prng, level: number): string {
  const blank = (): string => (prng.onceIn(12) ? prng.pick([' ', '\t', '\r\n']) : '')
  const names = new Set(prng.list(prng.below(9), () => prng.pick(NAMES)))
  const written = [...names].map((name) => (prng.onceIn(20) ? escapedName(name) : name))
  // Twice, though it may look different.
  if (prng.onceIn(60)) written.push(escapedName(prng.pick(written.length > 0 ? written : NAMES)))
  const members = written.map((name) => {
    const inner =
      ['realm', 'id'].includes(name) && level < 2 && !prng.onceIn(4)
        ? object(prng, level + 1)
        : value(prng, level, typeOf(name))
    return `${blank()}"${name}"${blank()}:${blank()}${inner}${blank()}`
  })
  return `{${members.join(',')}}`
}

function escapedName(name: string): string {
  return name.replace(/^[a-z]/, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function typeOf(name: string): keyof typeof SCALARS {
  const found = TOKEN_CLAIMS.find(([names]) => [names].flat().at(-1) === name)
  return found?.[1] ?? 'string'
}

function value(prng: Prng, level: number, type: keyof typeof SCALARS): string {
  if (prng.onceIn(200)) return prng.pick(WRONG)
  if (prng.onceIn(20)) return 'null'
  if (level < 4 && prng.onceIn(12)) return object(prng, level + 1)
  if (prng.onceIn(20)) return `[${prng.list(prng.below(4), () => value(prng, level + 3, type)).join(', ')}]`
  return prng.pick(
    SCALARS[prng.onceIn(4) ? prng.pick(['string', 'number', 'boolean', 'list'] as const) : type],
  )
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
}

function wide(members: number): string {
  return `{${Array.from({ length: members }, (_, index) => `"${index}":0`).join(',')}}`
}

function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url')
}
