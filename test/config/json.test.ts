import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'

const compiler = new Compiler()

/** The configuration whose only interesting value is this JSON text, as a constant. */
function withConstant(json: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from('{"key":{"from":[{"constant":'), Buffer.from(json), Buffer.from('}]}}')])
}

function constant(json: string | Buffer): string | undefined {
  const { policy, errors } = compiler.compile(withConstant(json))
  expect(errors).toEqual([])
  return policy?.top?.key?.from[0]?.name
}

describe('strings', () => {
  test.each([
    ['"plain"', 'plain'],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ['"\\u0041\\u00e9\\u20AC"', 'Aé€'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\uDBFF\\uDFFF"', '\u{10ffff}'],
    ['"é€😀"', 'é€😀'],
    ['"a\\u0000b"', 'a\0b'],
  ])('%s is read to its meaning', (json, text) => {
    expect(constant(json)).toBe(text)
  })

  const ESCAPE = 'unknown escape in a string'
  const UNICODE = 'a \\u escape needs four hex digits, and surrogates come in pairs'
  test.each([
    ['"\\x41"', 34, ESCAPE],
    ['"\\u12"', 34, UNICODE],
    ['"\\u12g4"', 36, UNICODE],
    ['"\\ud83d"', 36, UNICODE],
    ['"\\ud83dx"', 37, UNICODE],
    ['"\\ud83d\\u0041"', 42, UNICODE],
    ['"\\ude00"', 36, UNICODE],
    ['"\\ude00\\ud83d"', 42, UNICODE],
    ['"a\nb"', 30, 'a control character in a string must be escaped'],
  ])('%j is refused', (json, byte, reason) => {
    expect(compiler.compile(withConstant(json)).errors).toEqual([
      `invalid_json at /key/from/0: byte ${byte}: ${reason}`,
    ])
  })

  test.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash of two bytes', [0xc0, 0xaf]],
    ['an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
    ['an overlong slash of four bytes', [0xf0, 0x80, 0x80, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte that is in no sequence', [0xff]],
    ['a sequence that is cut off', [0xe2, 0x82]],
  ])('%s is no UTF-8', (_, bytes) => {
    const text = Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')])
    expect(compiler.compile(withConstant(text)).errors).toEqual([
      'invalid_utf8 at /key/from/0: byte 29: a string is not valid UTF-8',
    ])
  })
})

describe('numbers arrive as doubles', () => {
  const prefix = (json: string) =>
    compiler.compile(`{"key":{"from":[{"address":${json}}]}}`).policy?.top?.key?.from[0]?.ipv4Prefix

  test.each([
    ['24', 24],
    ['24.0', 24],
    ['24.000', 24],
    ['2.4e1', 24],
    ['2400E-2', 24],
    ['0.24e+2', 24],
    ['24.00000000000000000000000001', 24],
    ['3.2e1', 32],
  ])('%s is %i', (json, number) => {
    expect(prefix(json)).toBe(number)
    expect(JSON.parse(json)).toBe(number)
  })

  test.each(['24.5', '-24', '-0', '33', '1e400', '1e-400', '1e99999999999', '9007199254740993', '0e5'])(
    '%s is a number, but no prefix',
    (json) => {
      expect(compiler.compile(`{"key":{"from":[{"address":${json}}]}}`).errors).toEqual([
        'out_of_range at /key/from/0/address: expected an IPv4 prefix of 1 to 32 bits',
      ])
    },
  )

  test.each(['01', '-', '+1', '1.', '.5', '1e', '1e+', '0x10', 'NaN', 'Infinity', '--1', '1.e5'])(
    '%s is no number',
    (json) => {
      const [error, ...more] = compiler.compile(`{"key":{"from":[{"address":${json}}]}}`).errors
      expect(error).toMatch(
        /^invalid_json at \/key\/from\/0: byte \d+: expected (a number such as 10 or 0\.5|a value|, or \})$/,
      )
      expect(more).toEqual([])
    },
  )

  test('have at most 64 characters', () => {
    expect(prefix(`24.${'0'.repeat(61)}`)).toBe(24)
    expect(compiler.compile(`{"key":{"from":[{"address":24.${'0'.repeat(62)}}]}}`).errors).toEqual([
      'too_large at /key/from/0: byte 92: a number has more than 64 characters',
    ])
  })
})

describe('what is not JSON is refused at the byte where it stops being so', () => {
  test.each([
    ['{"session":{}', 'invalid_json at (root): byte 13: expected , or }'],
    ['{"session":{}]', 'invalid_json at (root): byte 13: expected , or }'],
    ['{"session":{},}', 'invalid_json at (root): byte 14: expected a string in double quotes'],
    ['{session:{}}', 'invalid_json at (root): byte 1: expected a string in double quotes'],
    ['{"session" {}}', 'invalid_json at (root): byte 11: expected : after a name'],
    ['{"session":}', 'invalid_json at (root): byte 11: expected a value'],
    [
      '{"session":{"cookie":{"name":"a}}}',
      'invalid_json at /session/cookie: byte 34: a string is not closed',
    ],
    ['{"key":{"from":["session",]}}', 'invalid_json at /key/from: byte 26: expected a value'],
    ['{"session":{}} x', 'invalid_json at (root): byte 15: expected nothing more after the configuration'],
    ['{"session":{}}{}', 'invalid_json at (root): byte 14: expected nothing more after the configuration'],
    ['{"session":tru}', 'invalid_json at (root): byte 11: expected a value'],
    ['{"session":{}}\0', 'invalid_json at (root): byte 14: expected nothing more after the configuration'],
    ['\ufeff{"session":{}}', 'invalid_json at (root): byte 0: expected a value'],
    ["{'session':{}}", 'invalid_json at (root): byte 1: expected a string in double quotes'],
    ['{"session":{} /* all */}', 'invalid_json at (root): byte 14: expected , or }'],
    ['session: {}', 'invalid_json at (root): byte 0: expected a value'],
  ])('%j', (text, error) => {
    expect(compiler.compile(text).errors).toEqual([error])
  })

  test('every beginning of a configuration but the whole is refused, with one error', () => {
    const whole =
      '{"session":{"cookie":{"ttl":"1h","name":"\\u0041"}},"key":{"from":["session",{"address":2.4e1}]}}'
    expect(compiler.compile(whole).errors).toEqual([])
    for (let length = 1; length < whole.length; length++) {
      expect(compiler.compile(whole.slice(0, length)).errors).toEqual([
        expect.stringMatching(/^invalid_json at .*: byte \d+: /),
      ])
    }
  })
})

test('nothing is read behind the end, whatever stands there', () => {
  const text = '{"key":{"from":[{"constant":"\\ud83d\\ude00é"},{"address":2.4e1}],"skip":false}}'
  const whole = Buffer.from(text)
  expect(compiler.errorsOfStart(Buffer.from(`${text}}]"x`), whole.length)).toEqual([])
  for (let length = 1; length < whole.length; length++) {
    const followedByZeros = Buffer.concat([whole.subarray(0, length), Buffer.alloc(whole.length)])
    const errors = compiler.errorsOfStart(followedByZeros, length)
    expect(errors).toHaveLength(1)
    expect(compiler.errorsOfStart(whole, length)).toEqual(errors)
  }
})

describe('limits', () => {
  const padded = (length: number) => `{"session":{}${' '.repeat(length - 14)}}`

  test('a configuration has at most 256 KiB', () => {
    expect(compiler.compile(padded(256 << 10)).errors).toEqual([])
    for (const text of [padded((256 << 10) + 1), `{"session":{}}${' '.repeat(256 << 10)}`]) {
      expect(compiler.compile(text).errors).toEqual([
        'too_large at (root): the configuration has more than 256 KiB',
      ])
    }
  })

  test('objects and lists nest at most 32 deep', () => {
    const lists = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`
    expect(compiler.compile(lists(32)).errors).toEqual([
      'wrong_type at (root): found a list, expected an object',
    ])
    expect(compiler.compile(lists(33)).errors).toEqual([
      `too_large at ${'/0'.repeat(31)}: byte 33: objects and lists are nested more than 32 deep`,
    ])
    expect(compiler.compile('['.repeat(100_000)).errors).toHaveLength(1)
  })

  test('there are at most 32768 values', () => {
    const list = (values: number) => `[${'1,'.repeat(values - 2)}1]`
    expect(compiler.compile(list(32768)).errors).toEqual([
      'wrong_type at (root): found a list, expected an object',
    ])
    expect(compiler.compile(list(32769)).errors).toEqual([
      'too_large at (root): byte 65535: the configuration has more than 32768 values',
    ])
  })

  test('an object has at most 64 members', () => {
    const object = (members: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, index) => [`x${index}`, 1])))
    expect(compiler.compile(object(64)).errors).toHaveLength(64)
    expect(compiler.compile(object(65)).errors).toEqual([
      'too_large at (root): byte 503: an object has more than 64 members',
    ])
  })

  test('there are at most 1024 rules', () => {
    const rules = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `r${index}`, match: { paths: ['/'] } }))
    expect(compiler.compile({ session: {}, rules: rules(1024) }).policy?.rules).toHaveLength(1024)
    expect(compiler.compile({ session: {}, rules: rules(1025) }).errors).toEqual([
      'out_of_range at /rules: found 1025, expected 1 to 1024 rules',
    ])
  })

  test('what cannot be read from the host is no empty configuration', () => {
    expect(compiler.compileSlice(0n)[0]).toMatch(/^empty_configuration at \(root\): /)
    expect(compiler.compileSlice(1n << 32n)).toEqual([
      'unreadable at (root): the proxy did not hand the configuration over',
    ])
  })
})
