import { describe, expect, test } from 'vitest'
import { Compiler } from './compiler.ts'
import { SESSION, cookie, from, match, rule } from './pieces.ts'

const compiler = new Compiler()

const EMPTY =
  'empty_configuration at (root): neither session nor key is there; write {"session": {}} for a session cookie and a key from it'
const QUOTE = 'expected a string; put it in quotes'
const LATER = 'this version of Mooring cannot do this yet; remove it'
const SILENT = 'an empty string says nothing; leave the field out, or give it a value'

const refused: [configuration: unknown, errors: string[]][] = [
  ['', [EMPTY]],
  [' \t\r\n', [EMPTY]],
  [{}, [EMPTY]],
  [{ mode: 'shadow', skip: false }, [EMPTY]],
  [{ rules: [{ name: 'a', match: { paths: ['/'] }, mode: 'shadow' }] }, [EMPTY]],
  [[], ['wrong_type at (root): found a list, expected an object']],
  ['null', ['null_value at (root): found null; leave the field out, or give it a value']],

  [{ sesion: {} }, ['unknown_field at /sesion: not known here; did you mean session?']],
  [cookie({ tll: '1h' }), ['unknown_field at /session/cookie/tll: not known here; did you mean ttl?']],
  [
    cookie({ samesite: 'Lax' }),
    ['unknown_field at /session/cookie/samesite: not known here; did you mean sameSite?'],
  ],
  [cookie({ colour: 'red' }), ['unknown_field at /session/cookie/colour: not known here']],
  [{ ...SESSION, 'a/b~c': 1 }, ['unknown_field at /a~1b~0c: not known here']],
  [{ ...SESSION, 'naïve\n': 1 }, ['unknown_field at /na??ve?: not known here']],
  [from({ claims: 'sub' }), ['unknown_field at /key/from/0/claims: not known here; did you mean claim?']],
  [rule({ kye: {} }), ['unknown_field at /rules/0/kye: not known here; did you mean key?']],
  [from({ session: { id: 1 } }), ['unknown_field at /key/from/0/session/id: not known here']],
  [
    { ...SESSION, key: { hashSecret: { env: 'S', c2VjcmV0: 1 } } },
    ['unknown_field at /key/hashSecret: only these are known here: env'],
  ],
  ['{"session": {}, "session": {}}', ['duplicate_field at /session: the object has this field already']],
  [
    '{"session": {}, "sessio\\u006e": {}}',
    ['duplicate_field at /session: the object has this field already'],
  ],

  [{ ...SESSION, buckets: [] }, [`not_available at /buckets: ${LATER}`]],
  ...['version', 'rules', 'observe', 'buckets'].map((field): [object, string[]] => [
    rule({ [field]: 1 }),
    [
      `top_level_only at /rules/0/${field}: a rule sets session, key, mode and skip; this belongs at the top level`,
    ],
  ]),

  [{ session: null }, ['null_value at /session: found null; leave the field out, or give it a value']],
  [
    { ...SESSION, rules: null },
    ['null_value at /rules: found null; leave the field out, or give it a value'],
  ],
  [
    cookie({ httpOnly: null }),
    ['null_value at /session/cookie/httpOnly: found null; leave the field out, or give it a value'],
  ],
  [
    { ...SESSION, version: null },
    ['null_value at /version: found null; leave the field out, or give it a value'],
  ],
  [cookie({ name: 5 }), [`quoted_string_expected at /session/cookie/name: found a number, ${QUOTE}`]],
  [cookie({ name: true }), [`quoted_string_expected at /session/cookie/name: found a boolean, ${QUOTE}`]],
  [cookie({ name: null }), [`quoted_string_expected at /session/cookie/name: found null, ${QUOTE}`]],
  [{ ...SESSION, mode: false }, [`quoted_string_expected at /mode: found a boolean, ${QUOTE}`]],
  [from({ constant: 1 }), [`quoted_string_expected at /key/from/0/constant: found a number, ${QUOTE}`]],
  [cookie({ name: ['a'] }), ['wrong_type at /session/cookie/name: found a list, expected a string']],
  [cookie({ name: {} }), ['wrong_type at /session/cookie/name: found an object, expected a string']],
  [{ session: true }, ['wrong_type at /session: found a boolean, expected an object']],
  [
    cookie({ httpOnly: 'true' }),
    ['wrong_type at /session/cookie/httpOnly: found a string, expected true or false, without quotes'],
  ],
  [
    cookie({ secure: 1 }),
    ['wrong_type at /session/cookie/secure: found a number, expected true or false, without quotes'],
  ],
  [
    { ...SESSION, version: '1' },
    ['wrong_type at /version: found a string, expected version 1, the only one there is'],
  ],
  [
    from({ address: '24' }),
    ['wrong_type at /key/from/0/address: found a string, expected an IPv4 prefix of 1 to 32 bits'],
  ],
  [{ ...SESSION, rules: {} }, ['wrong_type at /rules: found an object, expected a list']],
  [{ ...SESSION, rules: ['x'] }, ['wrong_type at /rules/0: found a string, expected an object']],
  [
    from(5),
    ['wrong_type at /key/from/0: found a number, expected a source, such as session or {claim: sub}'],
  ],
  [
    { ...SESSION, key: { hashSecret: 5 } },
    ['wrong_type at /key/hashSecret: found a number, expected an object'],
  ],
  [from(), ['empty_list at /key/from: an empty list says nothing; leave the field out, or list something']],
  [
    match({ hosts: [] }),
    [
      'empty_list at /rules/0/match/hosts: an empty list says nothing; leave the field out, or list something',
    ],
  ],
  [cookie({ name: '' }), [`empty_value at /session/cookie/name: ${SILENT}`]],
  [from({ constant: '' }), [`empty_value at /key/from/0/constant: ${SILENT}`]],
  [cookie({ name: 'a'.repeat(129) }), ['too_long at /session/cookie/name: expected at most 128 characters']],
  [from({ claim: 'é'.repeat(257) }), ['too_long at /key/from/0/claim: expected at most 256 characters']],

  [{ ...SESSION, version: 2 }, ['out_of_range at /version: expected version 1, the only one there is']],
  [from({ address: 0 }), ['out_of_range at /key/from/0/address: expected an IPv4 prefix of 1 to 32 bits']],
  [from({ address: 24.5 }), ['out_of_range at /key/from/0/address: expected an IPv4 prefix of 1 to 32 bits']],
  [
    from({ address: { ipv6Prefix: 129 } }),
    ['out_of_range at /key/from/0/address/ipv6Prefix: expected an IPv6 prefix of 1 to 128 bits'],
  ],
  [
    match({ paths: Array.from({ length: 65 }, () => '/') }),
    ['out_of_range at /rules/0/match/paths: found 65, expected 1 to 64 paths'],
  ],
  [
    match({ methods: Array.from({ length: 33 }, () => 'GET') }),
    ['out_of_range at /rules/0/match/methods: found 33, expected 1 to 32 methods'],
  ],

  [
    { ...SESSION, mode: 'enfore' },
    ['unknown_value at /mode: found "enfore", expected one of: enforce, shadow; did you mean enforce?'],
  ],
  [
    cookie({ sameSite: 'lax' }),
    [
      'unknown_value at /session/cookie/sameSite: found "lax", expected one of: Strict, Lax, None; did you mean Lax?',
    ],
  ],
  [
    cookie({ secure: 'true' }),
    [
      'unknown_value at /session/cookie/secure: found "true", expected one of: auto, true, false; did you mean true?',
    ],
  ],
  [
    cookie({ renew: 'sometimes' }),
    ['unknown_value at /session/cookie/renew: found "sometimes", expected one of: never, always'],
  ],
  [
    from('sesion'),
    [
      'unknown_value at /key/from/0: found "sesion", expected one of: session, address, authority, method; did you mean session?',
    ],
  ],
  [
    from({ header: { name: 'x-a', repeated: 'all' } }),
    ['unknown_value at /key/from/0/header/repeated: found "all", expected one of: ignore, join'],
  ],
  [
    cookie({ sameSite: `${'x'.repeat(60)}\n` }),
    [
      `unknown_value at /session/cookie/sameSite: found "${'x'.repeat(48)}...", expected one of: Strict, Lax, None`,
    ],
  ],
]

describe('a field that is unknown, missing or of the wrong type is refused, and the error says what was expected', () => {
  test.each(refused)('%j', (configuration, errors) => {
    expect(compiler.compile(configuration).errors).toEqual(errors)
  })
})
