import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'
import { match } from './pieces.ts'

const compiler = new Compiler()

const CONDITION = '/rules/0/match/headers/0'
const PARTS = 'expected name, and one of exact, prefix and present'
const ONE = 'one of exact, prefix and present; list two conditions'
const CONTROLS = 'no header has control characters in its value'
const NEVER_READ = 'this header is never read; for a cookie write the source {cookie: NAME}'
const KEY_HEADER = 'a key header: what clients send in it is removed before anything is read'
const SILENT = 'an empty string says nothing; leave the field out, or give it a value'
const TOKEN = "expected letters, digits and !#$%&'*+-.^_`|~"
const NAMESPACE = 'expected lower-case letters, digits and inner hyphens'

function header(condition: unknown): object {
  return match({ headers: [condition] })
}

function named(name: string): object {
  return header({ name, present: true })
}

const refused: [configuration: unknown, errors: string[]][] = [
  [match({ headers: [] }), [expect.stringMatching(/^empty_list at \/rules\/0\/match\/headers: /)]],
  [
    match({ headers: Array.from({ length: 17 }, () => ({ name: 'x-a', exact: '1' })) }),
    ['out_of_range at /rules/0/match/headers: found 17, expected 1 to 16 headers'],
  ],
  [header('x-a'), [`wrong_type at ${CONDITION}: found a string, expected an object`]],
  [header({ name: 'x-a' }), [`missing_field at ${CONDITION}: ${PARTS}`]],
  [header({ exact: '1' }), [`missing_field at ${CONDITION}: ${PARTS}`]],
  [header({}), [`missing_field at ${CONDITION}: ${PARTS}`]],
  [header({ name: 'x-a', exact: '1', prefix: '1' }), [`ambiguous_condition at ${CONDITION}: ${ONE}`]],
  [header({ name: 'x-a', present: true, prefix: '1' }), [`ambiguous_condition at ${CONDITION}: ${ONE}`]],
  [
    header({ name: 'x-a', preffix: '1' }),
    [
      `unknown_field at ${CONDITION}/preffix: not known here; did you mean prefix?`,
      `missing_field at ${CONDITION}: ${PARTS}`,
    ],
  ],
  [header({ name: 'x-a', exact: '' }), [`empty_value at ${CONDITION}/exact: ${SILENT}`]],
  [header({ name: 'x-a', prefix: '' }), [`empty_value at ${CONDITION}/prefix: ${SILENT}`]],
  [
    header({ name: 'x-a', exact: 'x'.repeat(257) }),
    [`too_long at ${CONDITION}/exact: expected at most 256 characters`],
  ],
  [
    header({ name: 'x-a', exact: 1 }),
    [`quoted_string_expected at ${CONDITION}/exact: found a number, expected a string; put it in quotes`],
  ],
  [header({ name: 'x-a', exact: 'a\r\nb' }), [`invalid_header_value at ${CONDITION}/exact: ${CONTROLS}`]],
  [header({ name: 'x-a', prefix: '\0' }), [`invalid_header_value at ${CONDITION}/prefix: ${CONTROLS}`]],
  [
    header({ name: 'x-a', present: 'true' }),
    [`wrong_type at ${CONDITION}/present: found a string, expected true or false, without quotes`],
  ],
  [named(':path'), [`not_a_token at ${CONDITION}/name: found ":path", ${TOKEN}`]],
  ...['Cookie', 'host', 'Connection', 'te', 'transfer-encoding', 'upgrade'].map(
    (name): [object, string[]] => [named(name), [`forbidden_source at ${CONDITION}/name: ${NEVER_READ}`]],
  ),
  [named('X-Mooring-Key'), [`key_header_as_source at ${CONDITION}/name: ${KEY_HEADER}`]],
  [
    {
      session: {},
      rules: [
        { name: 'a', match: { headers: [{ name: 'x-own', exact: '1' }] } },
        { name: 'b', match: { paths: ['/'] }, key: { header: 'X-Own' } },
      ],
    },
    [`key_header_as_source at ${CONDITION}/name: ${KEY_HEADER}`],
  ],

  [
    match({ services: ['cart.shop:80'] }),
    ['invalid_host at /rules/0/match/services/0: found "cart.shop:80", expected a host without a port'],
  ],
  [
    match({ services: ['outbound|80||cart'] }),
    [
      'invalid_host at /rules/0/match/services/0: found "outbound|80||cart", expected a host name in ASCII, such as shop.example.com',
    ],
  ],
  [
    match({ services: Array.from({ length: 65 }, () => 'a') }),
    ['out_of_range at /rules/0/match/services: found 65, expected 1 to 64 services'],
  ],

  ...['Shop', '-shop', 'shop-', 'a.b', 'a_b', '*'].map((name): [object, string[]] => [
    match({ namespaces: [name] }),
    [`invalid_namespace at /rules/0/match/namespaces/0: found "${name}", ${NAMESPACE}`],
  ]),
  [
    match({ namespaces: ['x'.repeat(64)] }),
    ['too_long at /rules/0/match/namespaces/0: expected at most 63 characters'],
  ],
  [
    match({ namespaces: Array.from({ length: 65 }, () => 'a') }),
    ['out_of_range at /rules/0/match/namespaces: found 65, expected 1 to 64 namespaces'],
  ],
]

describe('a condition that cannot be meant is refused, and the error says what to write', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration).errors).toEqual(errors)
  })
})

describe('header names over all rules', () => {
  const rules = (names: readonly string[]): object => ({
    session: {},
    rules: names.map((name, i) => ({ name: `r${i}`, match: { headers: [{ name, present: true }] } })),
  })
  const names = Array.from({ length: 33 }, (_, i) => `x-${i}`)

  test('are at most 32', () => {
    expect(compiler.compile(rules(names.slice(1))).errors).toEqual([])
    expect(compiler.compile(rules(names)).errors).toEqual([
      'too_many_headers at /rules: expected at most 32 header names over all rules',
    ])
  })

  test('count once, whatever their case', () => {
    const again = names.slice(1).map((name) => name.toUpperCase())
    expect(compiler.compile(rules([...names.slice(1), ...again])).errors).toEqual([])
  })
})

describe('a rule for some namespaces', () => {
  const configuration = match({ namespaces: ['shop', '0-a'] })

  test.each([
    ['shop', true],
    ['0-a', true],
    ['sho', false],
    ['shops', false],
  ])('in %s: %j', (namespace, eligible) => {
    const { policy, warnings } = compiler.compile(configuration, {}, namespace)
    expect(policy?.rules[0]?.eligible).toBe(eligible)
    expect(policy?.unreadable).toBe(false)
    expect(warnings).toEqual([])
  })

  test('never applies where the proxy names none, and a warning says so', () => {
    const { policy, warnings } = compiler.compile(configuration, {}, '')
    expect(policy?.rules[0]?.eligible).toBe(false)
    expect(policy?.unreadable).toBe(false)
    expect(warnings).toEqual([
      'no_namespace at /rules/0/match/namespaces: this proxy names no namespace, so the rule never matches',
    ])
  })

  test('is undecided where the proxy does not show it', () => {
    const { policy, warnings } = compiler.compile(configuration, {}, null)
    expect(policy?.unreadable).toBe(true)
    expect(warnings).toEqual([])
    expect(compiler.compile(match({ paths: ['/'] }), {}, null).policy?.unreadable).toBe(false)
  })

  test('makes nobody read what it asks for elsewhere', () => {
    const rule = match({ namespaces: ['other'], headers: [{ name: 'x-a', present: true }], paths: ['/'] })
    expect(compiler.compile(rule).policy?.asked).toEqual([])
  })
})
